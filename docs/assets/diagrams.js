// Diagrams keep the size in which their words can be read, and scroll where they are wider than the
// page; the theme's own way is to shrink them until they fit. It calls initialize with its colours.
{
  const initialize = mermaid.initialize;
  mermaid.initialize = (settings) => initialize({ ...settings, flowchart: { useMaxWidth: false } });
}
