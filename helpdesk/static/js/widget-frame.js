// @ts-check
// The frame of the widget: the form before a chat, the chat, what comes after it. It listens to
// the page around it only when that is one of the widget's sites, and only through one port.

import { ask, call, key, onUnknown, store } from "./widget-desk.js";
import { Line } from "./widget-line.js";
import { Talk } from "./widget-talk.js";

/** @typedef {import("./widget-line.js").Frame} Frame */

const { sites = "" } = document.body.dataset;
const HIDDEN = /\[(card number ending in \d{4}|bank account number|password or code|identity number)\]/;
/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
/** @param {string} id @param {string} text */
const say = (id, text) => $(id).textContent !== text && ($(id).textContent = text);
const start = $("start");
const fields = start.elements;

/** @type {MessagePort} */
let port;
/** @type {Frame | null} */
let chat = null;
/** @type {Line | null} */
let line = null;
let open = false;
let once = crypto.randomUUID();
let unread = 0;
let newest = 0;
let asked = 0;
const SOONEST = 15e3;
let rest = SOONEST;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;
let token = "";
let asks = false; // the page can be asked for a token
const talk = new Talk($("log"), {
  retry: (cid) => line?.retry(cid),
  // What the desk did not take goes back into the box.
  edit: ({ cid, body }) => {
    if (composer.hidden) return;
    store.set(`unsent:${cid}`);
    talk.drop(cid);
    $("body").value = [body, $("body").value].filter(Boolean).join("\n\n");
    $("body").dispatchEvent(new Event("input"));
    $("body").focus();
  },
  file: async (id, what) => {
    const answer = await call(`evidence/${id}/${what}`);
    return answer?.ok ? answer.blob() : null;
  },
});

// Who it is

/** @param {string} token */
const subject = (token) => {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
  } catch {
    return "";
  }
};

/** The site says who is signed in there; nobody, with an empty one. @param {string} token */
async function identify(token) {
  const known = store.get("sub");
  const fresh = Date.parse(store.get("until") ?? "") > Date.now() + 60e3;
  if (token && known === subject(token) && fresh) return load();
  if (!token && !known) return answered(), load();
  if (known && known !== subject(token)) {
    await call("session/end", {}); // somebody else, or nobody any more
    forget();
  }
  if (!token) answered();
  else {
    const answer = await ask("session", { token });
    if (answer.session) {
      store.set("session", answer.session);
      store.set("until", answer.until);
      store.set("sub", subject(token));
      answered();
    } else if (answer.status === 401) askAgain();
    else if (answer.status) port.postMessage({ t: "problem", why: answer.wrong });
  }
  await loading; // as whoever it was before
  return load();
}

function forget() {
  for (const one of ["session", "until", "sub"]) store.set(one);
  if (chat) leaveChat();
}

/** The site's page gets a new token, not more often than it can; ever more seldom while it does not help. */
function askAgain() {
  const left = asked + rest - Date.now();
  clearTimeout(again);
  if (left > 0) return void (again = setTimeout(askAgain, left));
  asked = Date.now();
  rest = Math.min(2 * rest, 600e3);
  port.postMessage({ t: "token" });
}

/** The site has said who it is. */
function answered() {
  clearTimeout(again);
  rest = SOONEST;
}

/** Who it is is being found out. @type {Promise<void>} */
let knowing = Promise.resolve();

/** The first reason to talk to the desk. */
const wake = () => (asks && !token ? askAgain() : void (knowing = identify(token)));

onUnknown(() => chat && void load());

// Before the chat

/** @type {Promise<void> | null} */
let loading = null;
const load = () => (loading ??= look_up().finally(() => (loading = null)));

async function look_up() {
  const answer = await ask("start?types=1");
  if (answer.wrong) return say("connection", answer.wrong), void ($("connection").hidden = false);
  $("connection").hidden = true;
  if (answer.guest && store.get("session")) {
    if (store.get("sub")) askAgain();
    forget();
  }
  $("guest").hidden = !answer.guest;
  if (fields.type.length === 1) {
    for (const [title, types] of answer.types) {
      const group = document.createElement("optgroup");
      group.label = title;
      group.append(...types.map((/** @type {string[]} */ [value, text]) => new Option(text, value)));
      fields.type.append(group);
    }
    const typed = store.get("typed") ?? {};
    for (const field of ["type", "name", "email", "description"]) fields[field].value = typed[field] ?? "";
  }
  if (answer.chat) return enter(answer.chat);
  showStart(answer);
  if (fields.type.value) void about();
}

/** @param {Frame} answer */
function showStart(answer) {
  start.hidden = false;
  $("talk").hidden = $("end").hidden = true;
  $("begin").hidden = $("begin").disabled = !answer.open;
  $("write").className = answer.open ? "" : "main";
  say("about", [answer.why, answer.advice].filter(Boolean).join(" "));
  say("sub", answer.department ?? "");
  $("answers").replaceChildren(
    ...[...answer.alerts, ...answer.articles].map(([title, path, words]) => {
      const link = document.createElement("a");
      [link.href, link.target, link.textContent] = [path, "_blank", title];
      const item = document.createElement("li");
      item.append(link, words ? ` ${words}` : " Known issue");
      return item;
    }),
  );
  aim();
}

const typed = () => ({
  type: fields.type.value,
  name: fields.name.value,
  email: fields.email.value,
  description: fields.description.value,
});

/** @type {number | undefined} */
let pause;
async function about() {
  const { type, description } = typed();
  const answer = await ask(`start?${new URLSearchParams({ type, words: description.slice(0, 300) })}`);
  if (!answer.wrong && !chat && typed().type === type) showStart(answer);
}

start.addEventListener("input", () => {
  store.set("typed", typed());
  clearTimeout(pause);
  pause = setTimeout(about, 250);
});
setInterval(() => open && !chat && !document.hidden && about(), 30e3); // somebody may come or go

start.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  if (event.submitter !== $("begin")) return; // to the desk's own form, with everything typed
  event.preventDefault();
  void begin();
});
async function begin() {
  $("begin").disabled = true;
  await knowing; // else it begins as nobody
  if (chat) return;
  const answer = await ask("chats", { ...typed(), once });
  $("begin").disabled = false;
  /** @type {Record<string, string>} */
  const faults = Object.fromEntries((answer.faults ?? []).map((/** @type {Frame} */ one) => [one.field, one.message]));
  for (const field of ["type", "name", "email", "description"]) {
    say(`${field}-wrong`, faults[field] ?? "");
    fields[field].setAttribute("aria-invalid", String(field in faults));
  }
  const first = Object.keys(faults)[0];
  if ("name" in faults || "email" in faults) $("guest").hidden = false;
  if (first) fields[first]?.focus();
  say("problem", first ? "" : answer.wrong ?? "");
  if (answer.status === 409) void about();
  if (!answer.chat) return;
  if (answer.session) store.set("session", answer.session);
  fields.description.value = "";
  store.set("typed", typed());
  once = crypto.randomUUID();
  enter(answer.chat);
  $("body").focus();
}

// The chat

/** @param {Frame} found */
function enter(found) {
  line?.stop();
  talk.reset(chat?.id === found.id);
  chat = found;
  newest = 0;
  unread = 0;
  start.hidden = true;
  $("talk").hidden = false;
  const read = store.get("read")?.[found.id] ?? 0;
  for (const frame of found.events) {
    newest = frame.n;
    unread += Number(frame.by.staff && frame.n > read);
    talk.add(frame, !open && frame.by.staff && frame.n > read);
  }
  $("body").value = store.get(`draft:${found.id}`) ?? "";
  const score = $("rate").elements.score;
  if (found.score) score.value = String(found.score);
  become(found.status);
  placed(found.place, found.wait);
  line = new Line({
    token: store.get("session"),
    caseId: found.case,
    chat: found.id,
    after: newest,
    store,
    hear,
    state: connection,
    changed: () => line && talk.pending(line.unsent, (one) => line?.stateOf(one) ?? ""),
  });
  line.flush();
  look();
  aim();
}

/** @param {string} status */
function become(status) {
  if (!chat) return;
  chat.status = status;
  const over = status === "ended";
  $("waiting").hidden = status !== "waiting";
  $("composer").hidden = $("end").hidden = over;
  $("over").hidden = !over;
  $("rate").hidden = !chat.rateable;
  $("mail").hidden = !chat.mail_to;
  if (over) $("private").hidden = true;
  say("sub", chat.agent && status === "active" ? `${chat.agent}, ${chat.department}` : chat.department);
}

/** @param {number} place @param {string} wait */
function placed(place, wait) {
  if (!place) return;
  const words = place === 1 ? "You are next in line" : `${place - 1} before you`;
  say("place", `${words}. ${wait ? `You wait ${wait}, most likely.` : "How long it takes, we cannot say yet."}`);
}

/** @type {Map<number, number>} */
const typists = new Map();

/** @param {Frame} frame */
function hear(frame) {
  if (!chat || (frame.face && frame.face !== `chat:${chat.id}`)) return;
  const { by = {}, type = "", data = {} } = frame;
  if (frame.t === "line") placed(frame.position, frame.wait);
  else if (frame.t === "read" && by.staff) talk.read(frame.n);
  else if (frame.t === "typing" && by.staff) {
    clearTimeout(typists.get(by.id));
    say("typing", frame.kind ? `${by.name} is typing…` : "");
    typists.set(by.id, setTimeout(() => say("typing", ""), 6000));
  }
  if (frame.t !== "event") return;
  newest = frame.n;
  if (!frame.face) return;
  chat.events.push(frame);
  talk.add(frame, by.staff && !looking());
  if (by.staff) {
    say("typing", "");
    unread += 1;
  } else if (HIDDEN.test(frame.body ?? "")) {
    offer("We hid a number in your message: nobody reads it in a chat. If we need it, hand it over here.");
  }
  if (type.startsWith("conversation.")) void renew();
  if (type === "conversation.ticketed") say("thanks", `This chat became the request ${data.reference}. The answer comes there.`);
  look(by.staff ? frame.body ?? frame.text ?? "" : "");
}

/** With whom, or at which place in the line, it is now. */
async function renew() {
  const at = chat;
  const found = await ask(`chats/${at?.id}`);
  if (found.wrong || !at || chat !== at) return;
  Object.assign(at, found);
  become(at.status);
  placed(at.place, at.wait);
}

const looking = () => open && !document.hidden;

function look(text = "") {
  if (!chat) return;
  if (looking()) {
    unread = 0;
    store.set("read", { [chat.id]: newest });
    line?.read(newest);
  }
  port.postMessage({ t: "unread", n: unread, text });
}

/** @param {string} state */
function connection(state) {
  if (state === "ended") {
    if (store.get("sub")) askAgain();
    else setTimeout(load, 5000);
  }
  if (state === "open") look();
  const words = /** @type {Record<string, string>} */ ({
    ended: "This session is over. Reload the page to go on; what you wrote is kept.",
    lost: "Connection lost. Keep writing, nothing gets lost.",
    offline: "You are offline. Keep writing, we send it when you are back.",
  })[state];
  say("connection", words ?? "");
  $("connection").hidden = !words;
}

function leaveChat() {
  line?.stop();
  line = chat = null;
  unread = 0;
  $("private").hidden = true;
  for (const one of ["thanks", "typing", "files"]) say(one, "");
}

// Writing

const composer = $("composer");
let told = 0;
$("body").addEventListener("input", () => {
  if (chat) store.set(`draft:${chat.id}`, $("body").value || undefined);
  const many = [...$("body").value].length; // nothing is cut off in silence
  $("body").setCustomValidity(many > 1e4 ? `A message has at most 10,000 characters, and this has ${many}. Send it in parts, or as a file.` : "");
  if (Date.now() - told < 3000) return;
  told = Date.now();
  line?.typing(Boolean($("body").value.trim()));
});
$("body").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
composer.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const text = $("body").value;
  if (!text.trim() || !chat) return;
  talk.clearNew();
  line?.send(text);
  $("body").value = "";
  store.set(`draft:${chat.id}`);
  told = 0;
});

/** @param {Iterable<File>} files */
async function attach(files) {
  for (const file of files) {
    const at = chat;
    if (!at) return;
    say("files", `Sending ${file.name}…`);
    const body = new FormData();
    const id = crypto.randomUUID();
    body.append("id", id);
    body.append("case", String(at.case));
    body.append("evidence_key", "");
    body.append("file", file, file.name || "screenshot.png");
    const joined = { upload: id, ...($("secret").checked && { private: "1" }) };
    for (let tries = 0; ; tries++) {
      let answer = await ask("uploads", body);
      if (!answer.wrong) answer = await ask(`chats/${at.id}/evidence`, joined);
      say("files", answer.wrong ? `${file.name}: ${answer.wrong}` : "");
      if (!answer.wrong || (answer.status && answer.status < 500)) break;
      await new Promise((ready) => setTimeout(ready, Math.min(15, 2 ** tries) * 1000));
    }
  }
}
$("file").addEventListener("change", () => {
  void attach([...$("file").files]);
  $("file").value = "";
});
document.addEventListener("paste", (event) => void attach(event.clipboardData?.files ?? []));

/** @param {string} why */
function offer(why) {
  $("private").hidden = false;
  say("private-why", why);
}
$("private-yes").addEventListener("click", () => {
  offer(`Only you and ${chat?.department} see it. Of a card only the last four figures are kept.`);
  $("private").elements.text.focus();
});
$("private-no").addEventListener("click", () => ($("private").hidden = true));
$("private").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const answer = await ask(`chats/${chat?.id}/private`, { text: $("private").elements.text.value });
  if (answer.wrong) return say("private-why", answer.wrong);
  $("private").reset();
  $("private").hidden = true;
});

// Leaving, and after it

const written = () => {
  const said = (chat?.events ?? []).filter((/** @type {Frame} */ one) => one.body && !one.by.staff);
  const own = [...said, ...(line?.unsent ?? [])].map((one) => one.body);
  return [...own, $("body").value.trim()].filter(Boolean).join("\n\n");
};
$("leave").addEventListener("click", async () => {
  const { id, type } = /** @type {Frame} */ (chat);
  const text = written();
  fields.description.value = text;
  fields.type.value = type;
  start.submit();
  for (const one of line?.unsent ?? []) store.set(`unsent:${one.cid}`);
  await ask(`chats/${id}/end`, { reason: "form" });
});
$("end").addEventListener("click", () => void ask(`chats/${chat?.id}/end`, {}));
$("rate").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const sent = Object.fromEntries(new FormData($("rate")));
  const answer = await ask(`chats/${chat?.id}/rating`, /** @type {any} */ (sent));
  say("thanks", answer.wrong ?? "Thank you. Your answer is kept.");
});
$("mail").addEventListener("click", async () => {
  const answer = await ask(`chats/${chat?.id}/transcript`, {});
  say("thanks", answer.wrong ?? `On its way to ${answer.sent_to}.`);
});
$("save").addEventListener("click", async () => {
  const answer = await ask(`chats/${chat?.id}/transcript`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([answer.text], { type: "text/plain" }));
  link.download = `chat-${chat?.id}.txt`;
  link.click();
});
$("again").addEventListener("click", async () => {
  leaveChat();
  const answer = await ask("start?");
  if (!answer.wrong) showStart(answer);
  fields.type.focus();
});

// The page around

/** @param {string} origin */
function welcome(origin) {
  const asks = new URL(origin);
  return sites.split(" ").some((site) => {
    const [scheme, host] = site.split("://");
    if (`${scheme}:` !== asks.protocol) return false;
    return host.startsWith("*.") ? asks.host.endsWith(host.slice(1)) : asks.host === host;
  });
}

/** @param {boolean} last */
function focus(last = false) {
  const all = [...document.querySelectorAll("button, input, select, textarea, a, [tabindex]")];
  const able = /** @type {HTMLElement[]} */ (all).filter((one) => one.checkVisibility() && !one.matches(":disabled"));
  (last ? able.at(-1) : able[0])?.focus();
}

// The first field, as soon as it is there.
let aiming = false;
function aim() {
  const field = chat ? $("body") : fields.type;
  if (!aiming || !field.checkVisibility()) return;
  aiming = false;
  field.focus();
}

/** @param {MessageEvent} event */
function told_({ data }) {
  if (data.t === "token") knowing = identify((token = data.token));
  else if (data.t === "later") askAgain(), void load(); // whoever it was goes on
  else if (data.t === "open" || data.t === "closed") {
    open = data.t === "open";
    store.set("open", open);
    if (open && !chat) wake();
    look();
  } else if (data.t !== "focus" || !open) return; // a key that closes overtakes what was posted
  else if ("last" in data) focus(data.last);
  else ((aiming = true), aim());
}

addEventListener("message", ({ source, origin, data, ports }) => {
  if (source !== parent || data?.helpdesk !== key || !ports[0] || port || !welcome(origin)) return;
  port = ports[0];
  port.onmessage = told_;
  ({ token, asks } = data);
  port.postMessage({ t: "ready", name: document.title, open: store.get("open") });
  if (store.get("session")) wake();
});
function close() {
  open = aiming = false;
  port?.postMessage({ t: "close" });
}
document.addEventListener("keydown", (event) => event.key === "Escape" && close());
$("close").addEventListener("click", close);
document.addEventListener("visibilitychange", () => look());
