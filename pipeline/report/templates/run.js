"use strict";
// Timelines of runs: rows of slices and counters on a canvas, to be zoomed and moved.
(() => {
  const ROW = 20, HEAD = 22, COUNTER = 26, GROUP = 20, THINNEST = 1.2;
  const tip = document.getElementById("tip");
  const count = (value) => value.toLocaleString("en");

  function read(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    for (const row of data.rows) {
      let at = 0;
      row.slices = row.s.map(([gap, cycles, name, number, waits]) => {
        const begin = at + gap;
        at = begin + cycles;
        return { begin, end: at, name: data.names[name].replace("#", number), waits };
      });
    }
    const lines = [];
    data.groups.forEach((group, index) => {
      const rows = data.rows.filter((row) => row.g === index);
      const counters = data.counters.filter((one) => one.g === index);
      if (rows.length + counters.length) lines.push({ title: group, height: GROUP });
      for (const row of rows) lines.push({ row, label: row.n, height: ROW, about: `${(100 * row.b).toFixed(0)} %` });
      for (const counter of counters) lines.push({ counter, label: counter.n, height: COUNTER });
    });
    let y = HEAD;
    for (const line of lines) { line.y = y; y += line.height; }
    return { ...data, lines, height: y + 4 };
  }

  function first(slices, time) {
    let low = 0, high = slices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (slices[middle].end <= time) low = middle + 1; else high = middle;
    }
    return low;
  }

  function view(box, data) {
    const canvas = box.querySelector("canvas"), range = box.querySelector("[data-range]");
    const paint = canvas.getContext("2d");
    const least = Math.min(20, data.end);
    let from = 0, to = data.end, width = 0, labels = 0, asked = false, dragged = null;

    const colour = (name) => getComputedStyle(box).getPropertyValue(`--${name}`).trim();
    const x = (time) => labels + (time - from) / (to - from) * (width - labels);
    const time = (pixel) => from + (pixel - labels) / (width - labels) * (to - from);

    function show(begin, end) {
      const span = Math.min(Math.max(end - begin, least), data.end);
      from = Math.min(Math.max(begin, 0), data.end - span);
      to = from + span;
      if (!asked) { asked = true; requestAnimationFrame(draw); }
    }
    function zoom(factor, around = (from + to) / 2) {
      show(around - (around - from) * factor, around + (to - around) * factor);
    }
    function move(share) { const by = share * (to - from); show(from + by, to + by); }

    function fitted(text, room) {
      if (paint.measureText(text).width <= room) return text;
      let keep = text.length;
      while (keep > 1 && paint.measureText(`${text.slice(0, keep)}…`).width > room) keep -= 1;
      return keep > 3 ? `${text.slice(0, keep)}…` : "";
    }

    // Where there is little room, what tells rows apart comes first.
    function named(label) {
      if (width > 560) return label;
      const short = label.replace(": bytes a cycle", " B").replace(" at (", " (").replace(": objects", "");
      return short.replace(/^tile (.*?) \[(.*?)\]/, "$2 $1").replace(/^tile /, "");
    }

    function draw() {
      asked = false;
      const shades = Object.fromEntries(["text", "dim", "line", "page", "raised", "stack", "buffer", "program", "data"].map((name) => [name, colour(name)]));
      width = box.clientWidth;
      labels = Math.round(Math.min(230, width * 0.34));
      const scale = devicePixelRatio || 1;
      canvas.width = width * scale;
      canvas.height = data.height * scale;
      paint.setTransform(scale, 0, 0, scale, 0, 0);
      paint.clearRect(0, 0, width, data.height);
      paint.font = "12px system-ui, sans-serif";
      paint.textBaseline = "middle";
      ticks(shades);
      for (const line of data.lines) {
        paint.fillStyle = line.title ? shades.dim : shades.text;
        paint.font = line.title ? "600 11.5px system-ui, sans-serif" : "12px system-ui, sans-serif";
        const about = line.about && width > 560 ? line.about : "";
        const room = labels - 12 - (about ? 38 : 0);
        paint.fillText(fitted(line.title || named(line.label), room), 4, line.y + line.height / 2);
        if (about) {
          paint.fillStyle = shades.dim;
          paint.textAlign = "right";
          paint.fillText(about, labels - 8, line.y + line.height / 2);
          paint.textAlign = "left";
        }
        paint.save();
        paint.beginPath();
        paint.rect(labels, line.y, width - labels, line.height);
        paint.clip();
        if (line.row) slices(line, shades);
        if (line.counter) counter(line, shades);
        paint.restore();
      }
      marks(shades);
      range.textContent = `cycles ${count(Math.round(from))} to ${count(Math.round(to))}`;
    }

    function ticks(shades) {
      const wanted = (to - from) / Math.max(2, (width - labels) / 110);
      const power = 10 ** Math.floor(Math.log10(wanted));
      const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
      paint.textAlign = "center";
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
        paint.fillStyle = shades.line;
        paint.fillRect(x(at), HEAD - 4, 1, data.height - HEAD);
        paint.fillStyle = shades.dim;
        if (x(at) > labels + 16 && x(at) < width - 24) paint.fillText(count(Math.round(at)), x(at), HEAD / 2 - 1);
      }
      paint.textAlign = "left";
    }

    function slices(line, shades) {
      const { row } = line, working = row.g === 1 ? shades.program : row.g === 3 ? shades.buffer : shades.dim;
      const top = line.y + 2, height = line.height - 4;
      for (let n = first(row.slices, from); n < row.slices.length; n += 1) {
        const one = row.slices[n];
        if (one.begin > to) break;
        const left = Math.max(x(one.begin), labels), right = Math.max(Math.min(x(one.end), width), left + THINNEST);
        const waits = height * one.waits / 100;
        paint.fillStyle = working;
        paint.fillRect(left, top, right - left, height - waits);
        paint.fillStyle = shades.stack;
        paint.fillRect(left, top + height - waits, right - left, waits);
        const space = right - left > 4 ? 0.5 : 0;
        if (space) { paint.fillStyle = shades.raised; paint.fillRect(right - space, top, space, height); }
        if (right - left > 34) {
          paint.font = "11px system-ui, sans-serif";
          paint.fillStyle = "#000d";
          paint.fillText(fitted(one.name, right - left - 8), left + 4, line.y + line.height / 2 + 0.5);
        }
      }
    }

    function counter(line, shades) {
      const { p: points, m: most } = line.counter, low = line.y + line.height - 3, high = line.height - 8;
      const at = (value) => low - high * (most ? value / most : 0);
      paint.beginPath();
      paint.moveTo(labels, low);
      let value = 0;
      for (const [moment, next] of points) {
        paint.lineTo(x(moment), at(value));
        value = next;
        paint.lineTo(x(moment), at(value));
      }
      paint.lineTo(x(data.end), at(value));
      paint.lineTo(x(data.end), low);
      paint.globalAlpha = 0.35;
      paint.fillStyle = shades.data;
      paint.fill();
      paint.globalAlpha = 1;
      paint.strokeStyle = shades.data;
      paint.stroke();
    }

    function marks(shades) {
      paint.fillStyle = shades.text;
      for (const [moment, row] of data.events) {
        const line = data.lines.find((one) => one.row === data.rows[row]);
        if (!line || moment < from || moment > to) continue;
        const at = x(moment);
        paint.beginPath();
        paint.moveTo(at, line.y + 7);
        paint.lineTo(at - 4, line.y);
        paint.lineTo(at + 4, line.y);
        paint.fill();
      }
    }

    function about(pixel, y) {
      const line = data.lines.find((one) => y >= one.y && y < one.y + one.height);
      if (!line || line.title) return "";
      if (pixel < labels) return line.about ? `${line.label}\nbusy ${line.about} of the time` : line.label;
      const moment = time(pixel);
      if (line.counter) {
        const before = line.counter.p.filter(([at]) => at <= moment).pop();
        return `${line.label}\n${before ? before[1] : 0} at cycle ${count(Math.round(moment))}`;
      }
      const slack = (to - from) / (width - labels) * 3;
      const near = data.events.find(([at, row]) => data.rows[row] === line.row && Math.abs(at - moment) < slack);
      const { slices: all } = line.row, index = first(all, moment);
      const one = all[index] && all[index].begin <= moment + slack ? all[index] : null;
      const told = one ? `${one.name}\ncycles ${count(one.begin)} to ${count(one.end)}: ${count(one.end - one.begin)}` : "";
      const shares = one && one.waits > 0 && one.waits < 100 ? `\n${one.waits} % of it waits` : "";
      return [near && near[2], told && told + shares].filter(Boolean).join("\n");
    }

    function hint(text, left, top) {
      tip.hidden = !text;
      if (!text) return;
      tip.textContent = text;
      const { width: wide, height } = tip.getBoundingClientRect();
      tip.style.left = `${Math.max(4, Math.min(left + 12, innerWidth - wide - 6))}px`;
      tip.style.top = `${top + 16 + height < innerHeight ? top + 16 : Math.max(4, top - height - 10)}px`;
    }

    const place = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      dragged = { at: event.clientX, from, to };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      event.stopPropagation();
      if (dragged) {
        const by = (dragged.at - event.clientX) / (width - labels) * (dragged.to - dragged.from);
        hint("");
        show(dragged.from + by, dragged.to + by);
      } else hint(about(...place(event)), event.clientX, event.clientY);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { dragged = null; });
    canvas.addEventListener("pointerleave", () => hint(""));
    canvas.addEventListener("dblclick", (event) => zoom(0.5, time(place(event)[0])));
    canvas.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        zoom(1.0015 ** event.deltaY, time(Math.max(place(event)[0], labels)));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        move((event.deltaX || event.deltaY) / 800);
      }
    }, { passive: false });
    const keys = {
      ArrowLeft: () => move(-0.15), ArrowRight: () => move(0.15), a: () => move(-0.15), d: () => move(0.15),
      ArrowUp: () => zoom(0.7), ArrowDown: () => zoom(1 / 0.7), w: () => zoom(0.7), s: () => zoom(1 / 0.7),
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
      Home: () => show(0, data.end), 0: () => show(0, data.end),
    };
    canvas.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    const tools = { in: keys["+"], out: keys["-"], left: keys.a, right: keys.d, all: keys.Home };
    box.querySelector(".run-tools").addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) tools[button.dataset.do]();
    });
    new ResizeObserver(() => show(from, to)).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(from, to));
    show(0, data.end);
  }

  // Each has its size from the beginning, and is drawn when it is seen for the first time.
  const found = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      view(target, found.get(target));
    }
  });
  for (const box of document.querySelectorAll("[data-run]")) {
    const data = read(box);
    found.set(box, data);
    box.querySelector("canvas").style.height = `${data.height}px`;
    for (const part of box.querySelectorAll("[hidden]")) part.hidden = false;
    seen.observe(box);
  }
})();
// Flame graphs: a click on a frame makes it as wide as the graph.
(() => {
  for (const graph of document.querySelectorAll("[data-flame]")) {
    const frames = [...graph.querySelectorAll("button")].map((button) => ({
      button, left: parseFloat(button.style.left), width: parseFloat(button.style.width),
    }));
    graph.addEventListener("click", (event) => {
      const picked = frames.find((one) => one.button === event.target);
      if (!picked) return;
      for (const { button, left, width } of frames) {
        const from = Math.max(left, picked.left), to = Math.min(left + width, picked.left + picked.width);
        button.hidden = to - from < picked.width / 5000;
        button.style.left = `${100 * (from - picked.left) / picked.width}%`;
        button.style.width = `${100 * (to - from) / picked.width}%`;
      }
    });
  }
})();
