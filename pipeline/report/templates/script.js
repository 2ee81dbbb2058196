"use strict";
// Tooltips for everything that says something about itself, routes that light up from the legend,
// and links that open what they lead to. Without this script the page is complete.
(() => {
  const tip = document.getElementById("tip");

  // A browser's own tooltip for an SVG <title> is late and cannot be reached by keyboard.
  for (const title of document.querySelectorAll(".npu title")) {
    const owner = title.parentElement;
    owner.dataset.tip = title.textContent;
    if (owner.hasAttribute("tabindex")) {
      owner.setAttribute("role", "img");
      owner.setAttribute("aria-label", title.textContent);
    }
    title.remove();
  }

  function aboutOf(element) {
    const found = element.closest("[data-tip], .plot [aria-roledescription='bar'], .plot path[aria-label]");
    return found && (found.dataset.tip || found.getAttribute("aria-label"));
  }

  function show(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const below = y + 16 + height < innerHeight;
    tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 6))}px`;
    tip.style.top = `${below ? y + 16 : Math.max(4, y - height - 10)}px`;
  }

  function hide() { tip.hidden = true; }

  function pick(element) {
    const route = element && element.closest(".npu [data-route]");
    for (const picked of document.querySelectorAll(".npu.picked, .npu .picked")) {
      picked.classList.remove("picked");
    }
    if (!route || route.closest(".routes")) return;
    const picture = route.closest(".npu");
    picture.classList.add("picked");
    for (const one of picture.querySelectorAll(`.route[data-route="${route.dataset.route}"]`)) {
      one.classList.add("picked");
    }
  }

  document.addEventListener("pointermove", (event) => {
    const about = event.target.closest && aboutOf(event.target);
    if (about) show(about, event.clientX, event.clientY); else hide();
  });
  document.addEventListener("pointerover", (event) => {
    if (event.target.closest) pick(event.target);
  });
  document.addEventListener("focusin", (event) => {
    pick(event.target);
    const about = event.target.matches("[data-tip]") && aboutOf(event.target);
    if (!about || !event.target.matches(":focus-visible")) return hide();
    const box = event.target.getBoundingClientRect();
    show(about, box.left + Math.min(40, box.width / 2), box.top + Math.min(30, box.height));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", hide, { capture: true, passive: true });

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details")) {
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    }
  }
  addEventListener("hashchange", openTarget);
  openTarget();
})();
