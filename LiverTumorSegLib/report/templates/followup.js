"use strict";
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const charts = document.getElementById("charts-all");
  if (!charts) return;

  // One sum at a time: the others wait behind their buttons.
  const sums = all("figure[data-sum]", charts);
  const choose = (chosen) => {
    sums.forEach((figure) => { figure.hidden = figure !== chosen; });
    all("button", chooser).forEach((button) => button.setAttribute("aria-pressed", String(button.value === chosen.dataset.sum)));
  };
  const chooser = document.createElement("div");
  chooser.className = "chips";
  chooser.setAttribute("role", "group");
  chooser.setAttribute("aria-label", "Criterion of the first chart");
  sums.forEach((figure) => {
    const button = document.createElement("button");
    button.type = "button";
    button.value = figure.dataset.sum;
    button.textContent = figure.dataset.name;
    button.addEventListener("click", () => choose(figure));
    chooser.append(button);
  });
  if (sums.length > 1) charts.prepend(chooser);
  if (sums.length) choose(sums[0]);

  // Lesions can be taken out of the charts and put back.
  all("ul.legend li", charts).forEach((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = item.className;
    button.append(...item.childNodes);
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const show = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(show));
      all(`g.series[data-key="${CSS.escape(item.dataset.key)}"]`, charts).forEach((line) => line.classList.toggle("off", !show));
    });
    item.className = "";
    item.append(button);
  });

  // The words of a mark at the pointer or the keyboard's focus, at once; without this script browsers show its title.
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.hidden = true;
  document.body.append(readout);
  const show = (mark) => {
    const box = mark.getBoundingClientRect();
    readout.textContent = mark.dataset.words;
    readout.hidden = false;
    const width = readout.offsetWidth;
    const left = Math.min(Math.max(8, box.left + box.width / 2 - width / 2), document.documentElement.clientWidth - width - 8);
    readout.style.left = `${left + window.scrollX}px`;
    readout.style.top = `${box.top + window.scrollY - readout.offsetHeight - 8}px`;
  };
  const hide = () => { readout.hidden = true; };
  all("svg.chart", charts).forEach((svg) => {
    svg.setAttribute("role", "group");
    all(".mark", svg).forEach((mark) => {
      const title = mark.querySelector("title");
      mark.dataset.words = title.textContent;
      title.remove();
      mark.setAttribute("tabindex", "0");
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", mark.dataset.words);
      mark.addEventListener("pointerenter", () => show(mark));
      mark.addEventListener("pointerleave", hide);
      mark.addEventListener("focus", () => show(mark));
      mark.addEventListener("blur", hide);
    });
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
