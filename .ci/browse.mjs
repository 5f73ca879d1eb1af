// Opens a page of `netpol-lint reach --output-format html` in headless Chromium, tries what a reader does,
// and takes pictures. Usage: node .ci/browse.mjs CHROMIUM PAGE [PICTURES-PREFIX]
// Speaks the DevTools protocol over a pipe, so that it needs no package.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [chromium, page, pictures] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "netpol-lint-browse-"));
const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
const browser = spawn(chromium, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const [, , , write, read] = browser.stdio;

let next = 0;
const waiting = new Map();
const events = [];
let rest = "";
read.on("data", (chunk) => {
  const messages = (rest + chunk).split("\0");
  rest = messages.pop();
  for (const text of messages) {
    const message = JSON.parse(text);
    const answer = waiting.get(message.id);
    if (answer) {
      waiting.delete(message.id);
      message.error ? answer[1](new Error(message.error.message)) : answer[0](message.result);
    } else {
      events.push(message);
    }
  }
});
const send = (method, params = {}, sessionId) =>
  new Promise((done, failed) => {
    next += 1;
    waiting.set(next, [done, failed]);
    write.write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
  });
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

async function main() {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const tell = (method, params) => send(method, params, sessionId);
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await tell("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const key = async (name, text) => {
    const code = { key: name, code: name, text };
    await tell("Input.dispatchKeyEvent", { type: "keyDown", ...code });
    await tell("Input.dispatchKeyEvent", { type: "keyUp", ...code });
  };
  const size = (width, height) => tell("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 700 });
  const scheme = (value) => tell("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });

  await tell("Runtime.enable");
  await tell("Network.enable");
  await tell("Page.enable");
  await size(1280, 800);
  const started = Date.now();
  await tell("Page.navigate", { url: pathToFileURL(resolve(page)).href });
  for (let tries = 0; !(await evaluate("document.documentElement?.dataset.ready")); tries += 1) {
    check(tries < 1200, "the page is not ready after two minutes");
    await pause(100);
  }
  const ready = Date.now() - started;

  const counts = await evaluate(`({
    scripts: document.scripts.length,
    nodes: netpolLint.cy.nodes().length,
    listed: document.querySelectorAll("#list button").length,
    evil: Boolean(window.evil),
    stray: document.querySelectorAll("main img, main script, main iframe, main a").length,
  })`);
  check(counts.scripts === 3, `the page has ${counts.scripts} scripts, not its own three`);
  check(!counts.evil && counts.stray === 0, "text of the repository became markup");
  check(counts.nodes > 0 && counts.listed > 0, "the page shows nothing");

  // Collapse, expand, search, select, read the lines, go back: all by keyboard and clicks.
  await evaluate(`document.getElementById("collapse").click()`);
  const groups = await evaluate("netpolLint.cy.nodes().length");
  check(groups === await evaluate(`document.querySelectorAll("#namespaces input").length`), "collapsed, one node stands for a namespace");
  await evaluate(`document.getElementById("expand").click()`);
  check(await evaluate("netpolLint.cy.nodes().length") > groups, "expanded, the workloads are there");
  await key("/", "/");
  check(await evaluate(`document.activeElement.id`) === "search", "/ goes to the search");
  const name = await evaluate(`document.querySelector("#list button").textContent`);
  await tell("Input.insertText", { text: name });
  check(await evaluate(`document.querySelectorAll("#list button").length`) >= 1, "the search finds a workload");
  await key("Enter", "\r");
  check(await evaluate(`document.querySelector("#details h3").textContent`) === name, "Enter selects what was found");
  const edges = await evaluate(`document.querySelectorAll("#details .link").length`);
  if (edges > 0) {
    await evaluate(`document.querySelector("#details .link").click()`);
    check(await evaluate(`/→/.test(document.querySelector("#details h3").textContent)`), "a connection is shown");
    check(await evaluate(`document.querySelectorAll("#details .rule, #details .soft").length`) > 0, "with what is behind it");
  }
  await key("Escape");
  check(await evaluate(`document.querySelector("#details h3") === null`), "Escape clears the selection");
  const before = await evaluate("netpolLint.cy.zoom()");
  await key("+", "+");
  check(await evaluate("netpolLint.cy.zoom()") > before, "+ zooms in");
  const filtered = await evaluate(`(() => {
    const box = document.querySelector("#namespaces input");
    const before = netpolLint.cy.nodes().length;
    box.click();
    const after = netpolLint.cy.nodes().length;
    box.click();
    return [before, after];
  })()`);
  check(filtered[1] < filtered[0], "a namespace that is filtered out is gone");
  await evaluate(`(() => { const it = document.getElementById("search"); it.value = ""; it.dispatchEvent(new Event("input")); })()`);

  const wide = [];
  for (const width of [1280, 400]) {
    await size(width, width === 400 ? 800 : 760);
    for (const value of ["light", "dark"]) {
      await scheme(value);
      await pause(300);
      await key("0", "0");
      await pause(300);
      if (await evaluate("document.documentElement.scrollWidth > innerWidth")) wide.push(width);
      if (pictures) {
        const { data } = await tell("Page.captureScreenshot", { format: "png" });
        writeFileSync(`${pictures}-${width}-${value}.png`, Buffer.from(data, "base64"));
      }
    }
  }
  check(wide.length === 0, `the page is wider than the window of ${wide[0]} pixels`);

  const loud = events.filter(({ method }) => method === "Runtime.exceptionThrown");
  check(loud.length === 0, `the page throws: ${JSON.stringify(loud[0]?.params)}`);
  const asked = events.filter(({ method, params }) => method === "Network.requestWillBeSent" && !/^(file|data|blob|about):/.test(params.request.url));
  check(asked.length === 0, `the page asks for ${asked[0]?.params.request.url}`);
  console.log(`${page}: ready in ${ready} ms, ${counts.listed} workloads listed, collapsed to ${groups}`);
}

let code = 0;
try {
  await main();
} catch (error) {
  console.error(String(error.message ?? error));
  code = 1;
} finally {
  const gone = new Promise((done) => browser.once("exit", done));
  await Promise.race([send("Browser.close").catch(() => {}), pause(2000)]);
  browser.kill();
  await Promise.race([gone, pause(5000)]);
  try {
    // The browser's helpers may still write for a moment.
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  } catch (error) {
    console.error(`left behind: ${profile}: ${error.message}`);
  }
  process.exit(code);
}
