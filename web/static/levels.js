"use strict";
// The picture of stock: boxes by ECharts, rows that open, and news without a click.

const charts = new Set();

function draw(root) {
  for (const chart of charts) {
    if (!document.contains(chart.getDom())) {
      chart.dispose();
      charts.delete(chart);
    }
  }
  if (!window.echarts) return;
  for (const box of root.querySelectorAll("[data-treemap]")) {
    const [onHand, reserved] = JSON.parse(box.dataset.words);
    const chart = window.echarts.init(box);
    charts.add(chart);
    chart.setOption(treemap(JSON.parse(box.dataset.treemap), onHand, reserved));
  }
  for (const box of root.querySelectorAll("[data-bars]")) {
    const chart = window.echarts.init(box);
    charts.add(chart);
    chart.setOption(bars(JSON.parse(box.dataset.bars)));
  }
}

function bars(data) {
  return {
    animation: false,
    color: ["#0f766e"],
    grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
    tooltip: {},
    xAxis: { type: "category", data: data.map((one) => one.name), axisLabel: { interval: 0, fontSize: 11 } },
    yAxis: { type: "value", minInterval: 1 },
    series: [{ type: "bar", data: data.map((one) => one.value), label: { show: true, position: "top" } }],
  };
}

function shade(node) {
  const share = node.value[0] ? node.value[1] / node.value[0] : 0;
  const light = Math.round(36 - 20 * Math.min(share * 2, 1));
  return { ...node, itemStyle: { color: `hsl(176 60% ${light}%)` }, children: (node.children || []).map(shade) };
}

function treemap(data, onHand, reserved) {
  const count = (n) => n.toLocaleString(document.documentElement.lang);
  return {
    animation: false,
    tooltip: {
      formatter: ({ name, value }) =>
        `${window.echarts.format.encodeHTML(name)}<br>${onHand} ${count(value[0])}<br>${reserved} ${count(value[1])}`,
    },
    series: [{
      type: "treemap",
      roam: false,
      nodeClick: false,
      breadcrumb: { show: false },
      width: "100%",
      height: "100%",
      top: 0,
      left: 0,
      visualDimension: 0,
      label: { fontSize: 12, formatter: ({ name, value }) => `${name}\n${count(value[0])}` },
      upperLabel: { show: true, height: 22, color: "#24393b", fontWeight: 600 },
      itemStyle: { borderColor: "#fff", borderWidth: 1, gapWidth: 1 },
      levels: [{ upperLabel: { show: false } }, {}],
      data: data.map(shade),
    }],
  };
}

// A row's rows come when it is opened, and go with all of theirs when it is closed.
function below(row) {
  const found = [];
  const depth = Number(row.dataset.depth);
  for (let next = row.nextElementSibling; next; next = next.nextElementSibling) {
    const isRow = next.dataset.depth !== undefined;
    if (isRow && Number(next.dataset.depth) <= depth) break;
    if (!isRow && Number(next.dataset.under) <= depth) break;
    found.push(next);
  }
  return found;
}

async function open(button) {
  const row = button.closest("tr");
  if (button.getAttribute("aria-expanded") === "true") {
    for (const one of below(row)) one.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.opens, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const parsed = new DOMParser().parseFromString(`<table><tbody>${await answer.text()}</tbody></table>`, "text/html");
    row.after(...[...parsed.querySelectorAll("tbody > tr")].map((one) => document.adoptNode(one)));
    if ("replaces" in button.dataset) row.remove();
    else button.setAttribute("aria-expanded", "true");
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  if (button) open(button).catch(() => undefined);
});

let source;
let waiting = 0;

// What was opened, or is being typed, is not taken away by news: the numbers of open rows stay.
function isBusy() {
  return document.querySelector("[data-opens][aria-expanded=true]") || document.hidden;
}

function renew() {
  const place = document.querySelector("[data-levels]");
  if (!place || isBusy()) return;
  window.htmx.ajax("GET", place.dataset.now, { target: "#results", select: "#results", swap: "outerHTML" });
}

function listen() {
  const place = document.querySelector("[data-levels]");
  if (!place) return;
  const state = document.querySelector("[data-live-state]");
  source = new EventSource(place.dataset.levels);
  source.addEventListener("open", () => { state.hidden = false; });
  source.addEventListener("error", () => { state.hidden = true; });
  source.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, 300);
  });
  window.addEventListener("pagehide", () => source.close());
}

document.body.addEventListener("htmx:afterSwap", () => draw(document));
window.addEventListener("resize", () => { for (const chart of charts) chart.resize(); });
draw(document);
listen();
