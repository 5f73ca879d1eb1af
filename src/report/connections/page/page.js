// The page of `netpol-lint reach --output-format html`. Every text comes from the repository: it becomes
// `textContent` or a label on the canvas, never markup.
"use strict";
(() => {
  const clusters = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  // More edges than this say nothing, and take long to draw.
  const MOST_EDGES = 1500;
  const MOST_LISTED = 200;
  const MOST_EXPANDED = 60;

  let cluster;
  let byEnd; // rows of each end: {from: [], to: []}
  let collapsed = new Set();
  let hidden = new Set();
  let selected = null; // {node} or {group} or {from, to}
  let query = "";

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const group = (node) => cluster.nodes[node][1];
  const groupName = (at) => cluster.groups[at][0];
  const full = (node) => {
    const name = cluster.nodes[node][0];
    const around = groupName(group(node));
    return around === "outside the cluster" ? name : `${around}/${name}`;
  };
  const matches = (node) => query === "" || full(node).toLowerCase().includes(query);
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const portsOf = (detail) => {
    const [ports, unknown] = cluster.details[detail];
    return [ports, unknown && `unknown: ${unknown}`].filter(Boolean).join("; ");
  };

  const cy = cytoscape({
    container: $("graph"),
    minZoom: 0.02,
    maxZoom: 4,
    wheelSensitivity: 0.3,
    boxSelectionEnabled: false,
    autoungrabify: true,
    hideEdgesOnViewport: true,
    textureOnViewport: true,
  });
  window.netpolLint = { cy };

  function style() {
    const [bg, fg, soft, box, line, accent] = ["--bg", "--fg", "--soft", "--box", "--line", "--accent"].map(color);
    cy.style([
      { selector: "node", style: { shape: "round-rectangle", width: "data(width)", height: "data(height)", label: "data(label)", "background-color": bg, "border-color": soft, "border-width": 1, color: fg, "font-size": 13, "text-valign": "center", "text-halign": "center", "text-max-width": 460, "text-wrap": "ellipsis" } },
      { selector: "node:parent", style: { "background-color": box, "border-color": line, "text-valign": "top", "text-margin-y": 20, "font-weight": "bold", padding: 18, "min-height": 40 } },
      { selector: "node.group", style: { "background-color": box, "border-style": "double", "border-width": 3, "font-weight": "bold" } },
      { selector: "edge", style: { width: 1.4, "line-color": soft, "target-arrow-color": soft, "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier", "control-point-step-size": 36, opacity: 0.7 } },
      { selector: "edge.unknown", style: { "line-style": "dashed" } },
      { selector: "edge.many", style: { width: 3 } },
      { selector: ".dim", style: { opacity: 0.15 } },
      { selector: ".near", style: { "line-color": accent, "target-arrow-color": accent, opacity: 1, width: 2.2, "z-index": 2 } },
      { selector: "edge.near", style: { label: "data(label)", color: fg, "font-size": 11, "text-background-color": bg, "text-background-opacity": 0.85, "text-background-padding": 2, "text-max-width": 220, "text-wrap": "ellipsis" } },
      { selector: "node.chosen", style: { "border-color": accent, "border-width": 3 } },
    ]);
  }

  // The element that stands for an end: itself, or its namespace where that is collapsed.
  const shownAs = (node) => (collapsed.has(group(node)) ? `g${group(node)}` : `n${node}`);
  const isHidden = (node) => hidden.has(group(node));

  function edges() {
    const found = new Map();
    const add = ([from, to, detail]) => {
      if (isHidden(from) || isHidden(to)) return;
      const ends = [shownAs(from), shownAs(to)];
      if (ends[0] === ends[1] && ends[0][0] === "g") return;
      const key = ends.join(">");
      const known = found.get(key);
      if (known) {
        known.rows.push([from, to, detail]);
      } else {
        found.set(key, { key, ends, rows: [[from, to, detail]] });
      }
    };
    cluster.rows.forEach(add);
    return found;
  }

  let current = new Map(); // edges that can be shown, by key

  function build(fit) {
    current = edges();
    const elements = [];
    const allCollapsed = cluster.groups.every((_, at) => collapsed.has(at) || hidden.has(at));
    cluster.groups.forEach(([name, place, small], at) => {
      if (hidden.has(at)) return;
      const members = cluster.nodes.filter((node) => node[1] === at).length;
      const [x, y, width, height] = allCollapsed ? small : place;
      if (collapsed.has(at)) {
        elements.push({ group: "nodes", data: { id: `g${at}`, label: `${name} (${members})`, width: allCollapsed ? width : Math.min(width, 320), height: allCollapsed ? height : 40 }, position: { x, y }, classes: "group" });
      } else {
        elements.push({ group: "nodes", data: { id: `g${at}`, label: name, width, height } });
      }
    });
    cluster.nodes.forEach(([label, at, [x, y, width, height]], number) => {
      if (hidden.has(at) || collapsed.has(at)) return;
      elements.push({ group: "nodes", data: { id: `n${number}`, parent: `g${at}`, label, width, height }, position: { x, y } });
    });
    const isCrowded = current.size > MOST_EDGES;
    for (const edge of current.values()) {
      if (isCrowded && !touches(edge)) continue;
      elements.push(drawn(edge));
    }
    cy.batch(() => {
      cy.elements().remove();
      cy.add(elements);
    });
    $("hint").textContent = isCrowded
      ? `${current.size} connections: select a workload or a namespace to see its own`
      : cluster.rows.length === 0 ? "No connection is allowed" : "";
    if (fit) cy.fit(undefined, 24);
    mark();
    list();
    details();
  }

  function drawn(edge) {
    const [source, target] = edge.ends;
    const first = edge.rows[0];
    const label = edge.rows.length === 1 ? portsOf(first[2]) : `${edge.rows.length} connections`;
    const isUnknown = edge.rows.every(([, , detail]) => cluster.details[detail][0] === "");
    const classes = [isUnknown && "unknown", edge.rows.length > 1 && "many"].filter(Boolean).join(" ");
    return { group: "edges", data: { id: edge.key, source, target, label }, classes };
  }

  const chosenId = () => {
    if (!selected) return null;
    if (selected.node !== undefined) return shownAs(selected.node);
    return selected.group !== undefined ? `g${selected.group}` : null;
  };
  function touches(edge) {
    if (selected && selected.edge) return edge.key === selected.edge;
    const id = chosenId();
    if (!id) return false;
    if (edge.ends.includes(id)) return true;
    return selected.group !== undefined && edge.rows.some(([from, to]) => group(from) === selected.group || group(to) === selected.group);
  }

  function mark() {
    cy.batch(() => {
      cy.elements().removeClass("dim near chosen");
      if (query !== "") {
        cluster.nodes.forEach((_, node) => {
          if (!matches(node)) cy.getElementById(`n${node}`).addClass("dim");
        });
      }
      const id = chosenId();
      if (id) cy.getElementById(id).addClass("chosen");
      if (selected) {
        cy.edges().forEach((edge) => {
          edge.addClass(touches(current.get(edge.id())) ? "near" : "dim");
        });
      }
    });
  }

  function select(next, { move = false } = {}) {
    selected = next;
    if (current.size > MOST_EDGES) {
      cy.batch(() => {
        cy.edges().remove();
        for (const edge of current.values()) if (touches(edge)) cy.add(drawn(edge));
      });
    }
    mark();
    list();
    details();
    const id = chosenId();
    if (move && id) cy.center(cy.getElementById(id));
  }

  function link(text, chosen, action) {
    const item = make("li");
    const button = make("button", text, { type: "button", class: "link", "aria-pressed": String(chosen) });
    button.addEventListener("click", action);
    item.append(button);
    return item;
  }

  function list() {
    const box = $("list");
    const focus = box.contains(document.activeElement) ? document.activeElement.textContent : null;
    box.replaceChildren();
    let shown = 0;
    let more = 0;
    cluster.nodes.forEach((_, node) => {
      if (isHidden(node) || !matches(node)) return;
      if (shown >= MOST_LISTED) {
        more += 1;
        return;
      }
      shown += 1;
      const chosen = Boolean(selected && selected.node === node);
      box.append(link(full(node), chosen, () => select({ node }, { move: true })));
    });
    if (more > 0) box.append(make("li", `and ${more} more: search for them`, { class: "soft" }));
    if (shown === 0) box.append(make("li", "No workload matches", { class: "soft" }));
    if (focus !== null) [...box.querySelectorAll("button")].find((it) => it.textContent === focus)?.focus();
  }

  function ruleLines(box, detail) {
    const [, , rules, isolating] = cluster.details[detail];
    if (rules.length === 0) {
      box.append(make("p", isolating.length === 0 ? "No policy isolates either side." : "No rule is needed on the other side.", { class: "soft" }));
    }
    for (const [policy, field, path, line] of rules) {
      const row = make("div", undefined, { class: "rule" });
      row.append(make("div", `${policy}: ${field}`), make("code", `${path}:${line}`));
      box.append(row);
    }
    if (isolating.length > 0) box.append(make("p", `Isolated by ${isolating.join(", ")}`, { class: "soft" }));
  }

  function rowList(box, title, rows, text) {
    if (rows.length === 0) return;
    box.append(make("h2", `${title} (${rows.length})`));
    const items = make("ul");
    rows.slice(0, MOST_LISTED).forEach((row) => {
      items.append(link(text(row), false, () => select({ edge: `${shownAs(row[0])}>${shownAs(row[1])}`, row })));
    });
    if (rows.length > MOST_LISTED) items.append(make("li", `and ${rows.length - MOST_LISTED} more`, { class: "soft" }));
    box.append(items);
  }

  function details() {
    const box = $("details");
    box.replaceChildren();
    if (!selected) {
      const allowed = cluster.rows.length;
      box.append(make("p", `${cluster.nodes.length} ends, ${allowed} allowed connections. A pair without a connection is denied. Select a workload, a namespace or a connection.`, { class: "soft" }));
      return;
    }
    if (selected.node !== undefined) {
      const node = selected.node;
      box.append(make("h3", full(node)));
      const rows = byEnd[node] || { from: [], to: [] };
      rowList(box, "May connect to", rows.from, ([, to, detail]) => `${full(to)} : ${portsOf(detail)}`);
      rowList(box, "May be reached by", rows.to, ([from, , detail]) => `${full(from)} : ${portsOf(detail)}`);
      if (rows.from.length + rows.to.length === 0) box.append(make("p", "No connection is allowed.", { class: "soft" }));
    } else if (selected.group !== undefined) {
      const at = selected.group;
      box.append(make("h3", groupName(at)));
      const toggle = make("button", collapsed.has(at) ? "Expand" : "Collapse", { type: "button" });
      toggle.addEventListener("click", () => fold(at));
      box.append(toggle);
      const rows = cluster.rows.filter(([from, to]) => (group(from) === at) !== (group(to) === at));
      rowList(box, "Connections with others", rows, ([from, to, detail]) => `${full(from)} → ${full(to)} : ${portsOf(detail)}`);
    } else {
      const edge = current.get(selected.edge);
      const rows = selected.row ? [selected.row] : edge ? edge.rows : [];
      if (rows.length === 1) {
        const [from, to, detail] = rows[0];
        box.append(make("h3", `${full(from)} → ${full(to)}`), make("p", portsOf(detail)));
        ruleLines(box, detail);
      } else {
        rowList(box, "Connections", rows, ([from, to, detail]) => `${full(from)} → ${full(to)} : ${portsOf(detail)}`);
      }
    }
    const back = make("button", "Clear the selection", { type: "button" });
    back.addEventListener("click", () => select(null));
    box.append(back);
    $("panel").scrollTop = 0;
  }

  function fold(at) {
    collapsed.has(at) ? collapsed.delete(at) : collapsed.add(at);
    selected = { group: at };
    build(false);
  }

  function filter() {
    const box = $("namespaces");
    box.replaceChildren();
    cluster.groups.forEach(([name], at) => {
      const label = make("label");
      const check = make("input", undefined, { type: "checkbox" });
      check.checked = !hidden.has(at);
      check.addEventListener("change", () => {
        check.checked ? hidden.delete(at) : hidden.add(at);
        selected = null;
        build(true);
        count();
      });
      label.append(check, make("span", name));
      box.append(label);
    });
    count();
  }
  const count = () => {
    $("shown").textContent = `${cluster.groups.length - hidden.size}/${cluster.groups.length}`;
  };

  function open(number) {
    cluster = clusters[number];
    byEnd = {};
    for (const row of cluster.rows) {
      for (const [side, end] of [["from", row[0]], ["to", row[1]]]) {
        byEnd[end] = byEnd[end] || { from: [], to: [] };
        byEnd[end][side].push(row);
      }
    }
    hidden = new Set();
    selected = null;
    const isLarge = cluster.nodes.length > MOST_EXPANDED && cluster.groups.length > 1;
    collapsed = new Set(isLarge ? cluster.groups.keys() : []);
    filter();
    build(true);
  }

  cy.on("tap", (event) => {
    const at = event.target;
    if (at === cy) return select(null);
    if (at.isEdge()) return select({ edge: at.id() });
    const number = Number(at.id().slice(1));
    return select(at.id()[0] === "g" ? { group: number } : { node: number });
  });
  cy.on("dbltap", "node", (event) => {
    const id = event.target.id();
    if (id[0] === "g") fold(Number(id.slice(1)));
  });
  const zoom = (factor) => cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  $("in").addEventListener("click", () => zoom(1.3));
  $("out").addEventListener("click", () => zoom(1 / 1.3));
  $("fit").addEventListener("click", () => cy.fit(undefined, 24));
  $("collapse").addEventListener("click", () => {
    collapsed = new Set(cluster.groups.keys());
    selected = null;
    build(true);
  });
  $("expand").addEventListener("click", () => {
    collapsed = new Set();
    build(true);
  });
  $("search").addEventListener("input", () => {
    query = $("search").value.trim().toLowerCase();
    mark();
    list();
  });
  $("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const node = cluster.nodes.findIndex((_, at) => query !== "" && !isHidden(at) && matches(at));
    if (node >= 0) {
      if (collapsed.delete(group(node))) build(false);
      select({ node }, { move: true });
    }
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = ["INPUT", "SELECT"].includes(document.activeElement.tagName);
    if (event.key === "Escape") {
      $("filter").open = false;
      document.activeElement.blur();
      return select(null);
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const onGraph = document.activeElement === $("graph") || document.activeElement === document.body;
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key === "/") $("search").focus();
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") cy.fit(undefined, 24);
    else if (onGraph && moves[event.key]) cy.panBy({ x: moves[event.key][0], y: moves[event.key][1] });
    else return undefined;
    return event.preventDefault();
  });
  isDark.addEventListener("change", style);
  new ResizeObserver(() => cy.resize()).observe($("graph"));

  clusters.forEach(({ name }, at) => $("cluster").append(make("option", name, { value: String(at) })));
  $("cluster-label").hidden = clusters.length < 2;
  $("cluster").addEventListener("change", () => open(Number($("cluster").value)));
  style();
  if (clusters.length > 0) open(0);
  else $("hint").textContent = "No policy and no workload was found";
  document.documentElement.dataset.ready = "true";
})();
