// @ts-check
// The launcher on another site's page: a button, and a frame that holds the chat. It leaves no
// global, no style and no storage there, and believes nobody but its own frame. docs/widget.md.

(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const key = script?.dataset.widget;
  if (!script || !key || document.querySelector(`[data-helpdesk="${CSS.escape(key)}"]`)) return;
  const desk = new URL(script.src).origin;
  const narrow = matchMedia("(max-width: 480px), (max-height: 480px)");
  const STYLE = `
:host{all:initial!important;position:fixed!important;inset:auto 20px 20px auto!important;z-index:2147483000!important;color-scheme:light dark!important;display:block!important}
:host([hidden]){display:none!important}
button{all:unset;box-sizing:border-box;display:grid;place-items:center;width:56px;height:56px;border-radius:50%;background:light-dark(#2b50c8,#4368e2);color:#fff;cursor:pointer;box-shadow:0 2px 6px #0003,0 8px 24px #0003}
button:hover{background:light-dark(#2344ad,#3a5cd3)}
button:focus-visible{outline:3px solid light-dark(#141922,#fff);outline-offset:3px}
svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}
.count{position:absolute;top:-4px;right:-4px;min-width:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;background:light-dark(#b3261e,#c9382c);color:#fff;font:600 13px/22px system-ui,sans-serif;text-align:center}
.count:empty{display:none}
.panel{position:fixed;right:20px;bottom:92px;width:380px;height:min(640px,calc(100dvh - 112px));border-radius:14px;overflow:hidden;box-shadow:0 2px 6px #0003,0 12px 40px #0005;background:light-dark(#fff,#161a21);visibility:hidden}
.panel[data-open]{visibility:visible}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
.news{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:480px),(max-height:480px){.panel{inset:0;width:100%;height:100%;border-radius:0}}`;

  const host = document.createElement("div");
  host.dataset.helpdesk = key;
  host.hidden = true; // until the frame has answered: a button that opens nothing helps nobody
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  /** @param {string} tag @param {Record<string, string>} attributes @param {Node[]} inside */
  const make = (tag, attributes, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside);
    return element;
  };
  const svg = (name = "svg", d = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    if (d) element.setAttribute("d", d);
    return element;
  };
  const picture = svg();
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.append(svg("path", "M6.5 4.5h11a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-5L8 20v-3.5H6.5a3 3 0 0 1-3-3v-6a3 3 0 0 1 3-3z"));
  const count = make("span", { class: "count", "aria-hidden": "true" });
  const button = make("button", { type: "button", "aria-expanded": "false" }, picture, count);
  const frame = /** @type {HTMLIFrameElement} */ (make("iframe", { title: "Chat", allow: "clipboard-write" }));
  const edge = () => make("span", {});
  const [before, after] = [edge(), edge()];
  const panel = make("div", { class: "panel", role: "dialog", "aria-label": "Chat" }, before, frame, after);
  const news = make("p", { class: "news", role: "status" });
  root.append(button, panel, news);

  let open = false;
  let label = "Chat";
  let unread = 0;
  let { token = "" } = script.dataset;
  const where = script.dataset.tokenUrl;
  /** @type {MessagePort | undefined} */
  let port;
  /** @param {Record<string, any>} message */
  const tell = (message) => port?.postMessage(message);
  /** @param {string} name @param {unknown} detail */
  const announce = (name, detail) => document.dispatchEvent(new CustomEvent(`helpdesk:${name}`, { detail }));

  const name = () => {
    const many = unread ? `, ${unread} new ${unread === 1 ? "message" : "messages"}` : "";
    button.setAttribute("aria-label", (open ? `Close: ${label}` : label) + many);
    button.setAttribute("aria-expanded", String(open));
    count.textContent = unread ? String(Math.min(unread, 99)) : "";
  };

  // Only where it covers the page does the focus stay inside.
  const shape = () => {
    const full = open && narrow.matches;
    if (full) panel.setAttribute("aria-modal", "true");
    else panel.removeAttribute("aria-modal");
    for (const one of [before, after]) one.tabIndex = full ? 0 : -1;
    tell({ t: open ? "open" : "closed", full });
  };
  /** @param {boolean} last */
  const back = (last) => {
    frame.focus(); // at once: the next Tab may not wait for the frame
    tell({ t: "focus", last });
  };
  before.addEventListener("focus", () => back(true));
  after.addEventListener("focus", () => back(false));
  narrow.addEventListener("change", shape);

  /** @param {boolean} wanted @param {boolean} focus */
  const show = (wanted, focus = true) => {
    if (open === wanted) return;
    open = wanted;
    panel.toggleAttribute("data-open", open);
    name();
    shape();
    if (focus && open) {
      frame.focus();
      tell({ t: "focus" });
    } else if (focus) button.focus();
    announce(open ? "opened" : "closed", null);
  };
  button.addEventListener("click", () => show(!open));
  panel.addEventListener("keydown", (event) => event.key === "Escape" && show(false));

  // Who is signed in to this site: its own server signs a token, its own page hands it over.
  const supply = async () => {
    if (where) {
      const answer = await fetch(where, { credentials: "same-origin", headers: { Accept: "text/plain" } }).catch(() => null);
      if (!answer || answer.status >= 500) return tell({ t: "later" }); // that says nothing of who it is
      token = answer.ok ? (await answer.text()).trim() : "";
      tell({ t: "token", token });
    } else announce("expired", null);
  };
  document.addEventListener("helpdesk:identify", (event) => {
    token = String(/** @type {CustomEvent} */ (event).detail?.token ?? "");
    tell({ t: "token", token });
  });
  document.addEventListener("helpdesk:open", () => show(true));
  document.addEventListener("helpdesk:close", () => show(false));

  /** @param {MessageEvent} event */
  const heard = ({ data }) => {
    if (data.t === "ready") {
      label = data.name;
      frame.title = label;
      panel.setAttribute("aria-label", label);
      host.hidden = false;
      name();
      if (data.open && !narrow.matches) show(true, false);
    } else if (data.t === "close") show(false);
    else if (data.t === "token") void supply();
    else if (data.t === "problem") announce("problem", data.why);
    else if (data.t === "unread") {
      if (data.n > unread && !open) news.textContent = `New message: ${data.text}`;
      unread = data.n;
      name();
      announce("unread", unread);
    }
  };
  frame.addEventListener("load", () => {
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = heard;
    frame.contentWindow?.postMessage({ helpdesk: key, token, asks: Boolean(where) }, desk, [channel.port2]);
  });

  const begin = () => {
    frame.src = `${desk}/widget/${encodeURIComponent(key)}/frame`;
    document.body.append(host);
  };
  const idle = () => (window.requestIdleCallback ?? setTimeout)(begin);
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle, { once: true });
})();
