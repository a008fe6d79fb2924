/* What pages gain with a script; without it they work all the same, live refresh apart.
   Driven by data attributes: templates/ui/README.md. */
"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const on = (type, listener, capture) => document.addEventListener(type, listener, capture);
  const byId = (id) => document.getElementById(id);
  const fromTemplate = (id) => byId(id).content.firstElementChild.cloneNode(true);
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  root.classList.add("js");

  /* --- live fragments: the server says when to ask again, when nothing is new and when it is over --- */
  const timers = new Map(), opened = new Map();
  const live = { at: Date.now(), misses: 0, off: localStorage.getItem("live") === "off" };
  const pace = (part) => Number(part.dataset.pollInterval) || 5;

  function schedule(part, seconds) {
    clearTimeout(timers.get(part));
    timers.set(part, setTimeout(poll, seconds * (800 + 400 * Math.random()), part));
  }
  function poll(part) {
    if (document.hidden || live.off || toggled.size) return schedule(part, 1);
    htmx.ajax("GET", part.dataset.poll, { source: part, target: part, swap: "outerHTML" }).catch(() => {});
  }
  function scan() {
    for (const [part, timer] of timers) {
      if (!part.isConnected || !part.dataset.poll) { clearTimeout(timer); timers.delete(part); }
    }
    for (const part of all("[data-poll]")) if (!timers.has(part)) schedule(part, pace(part));
    showLive();
  }
  on("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig: { elt }, target } = event.detail, asked = elt.dataset.poll;
    if (!asked) return;
    /* Led elsewhere: no session. */
    if (new URL(xhr.responseURL).pathname !== new URL(asked, location).pathname) {
      event.detail.shouldSwap = false;
      location.reload();
    }
    for (const details of all("details[id]", target)) opened.set(details.id, details.open);
  });
  on("htmx:afterSwap", () => {
    for (const [id, open] of opened) if (byId(id)) byId(id).open = open;
    opened.clear();
  });
  on("htmx:afterRequest", (event) => {
    const { xhr, requestConfig: { elt: old } } = event.detail;
    if (!old.dataset.poll) return scan();
    const part = byId(old.id) || old;
    if ([286, 401, 403, 404].includes(xhr.status)) delete part.dataset.poll;
    live.misses = event.detail.successful ? 0 : live.misses + 1;
    if (!live.misses) live.at = Date.now();
    const read = xhr.getResponseHeader("As-Of");
    if (read) one("[data-azure]").textContent = read;
    if (part.dataset.announce !== old.dataset.announce) one("#announcer").textContent = part.dataset.announce;
    const next = Number(xhr.getResponseHeader("Poll-Interval")) || pace(part);
    if (part.dataset.poll) schedule(part, Math.min(60, next * 2 ** live.misses));
    scan();
  });
  function showLive() {
    const seconds = Math.round((Date.now() - live.at) / 1000);
    const ago = `Updated ${seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} ago`;
    live.seen ||= timers.size;
    for (const line of all("[data-live]")) {
      const button = one("button", line);
      line.dataset.state = !timers.size || live.off ? "off" : live.misses ? "late" : "on";
      button.hidden = !timers.size;
      one("span", button).textContent = live.off ? "Turn on" : "Turn off";
      const text = one("[data-live-text]", line);
      if (live.seen && text) text.textContent = ago;
    }
  }
  setInterval(showLive, 1000);
  on("visibilitychange", () => { if (!document.hidden) for (const part of timers.keys()) schedule(part, 0); });

  /* --- selection: toggles are gathered, posted, and not lost on the way to another page --- */
  const toggled = new Map();
  let gathering = 0, anchor = null, posting = Promise.resolve();
  function paint(box) {
    box.closest("tr").classList.toggle("selected", box.checked);
    const head = one("[data-select-page]", box.form), boxes = all("[data-select]:enabled", box.form);
    if (!head) return;
    head.checked = boxes.every((each) => each.checked);
    head.indeterminate = !head.checked && boxes.some((each) => each.checked);
  }
  function toggle(box, checked) {
    box.checked = checked;
    toggled.set(box.value, box);
    paint(box);
  }
  function flush() {
    clearTimeout(gathering);
    if (toggled.size) posting = posting.then(post.bind(null, [...toggled.values()]));
    toggled.clear();
    return posting;
  }
  async function post(boxes) {
    const form = boxes[0].form, body = new URLSearchParams({ csrfmiddlewaretoken: form.csrfmiddlewaretoken.value });
    for (const box of boxes) body.append(box.checked ? "add" : "drop", box.value);
    try {
      const answer = await fetch(form.dataset.selection, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) throw answer;
      for (const part of [...parse(await answer.text()).body.children]) byId(part.id)?.replaceWith(part);
    } catch {
      for (const box of boxes) { box.checked = !box.checked; paint(box); }
      toast("The selection could not be saved. Reload the page.", "error");
    }
  }
  on("click", ({ target: box, shiftKey }) => {
    if (!box.matches("[data-select], [data-select-page]")) return;
    const boxes = all("[data-select]:enabled", box.form), whole = box.matches("[data-select-page]"), { checked } = box;
    const from = whole ? 0 : boxes.indexOf(shiftKey && anchor ? anchor : box), to = whole ? boxes.length : boxes.indexOf(box);
    for (const each of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (each === box || each.checked !== checked) toggle(each, checked);
    }
    if (!whole) anchor = box;
    clearTimeout(gathering);
    gathering = setTimeout(flush, 120);
  });
  on("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && toggled.size && plain(event)) after(event, () => link.click());
  }, true);
  addEventListener("pagehide", flush);
  function after(event, act) {
    event.preventDefault();
    event.stopPropagation();
    flush().then(act);
  }

  /* --- forms: the selection first, and a double click sends once --- */
  on("submit", (event) => {
    const form = event.target, dialog = form.closest("dialog");
    if (form.method !== "post") { if (dialog && !leave(dialog)) event.preventDefault(); }
    else if (toggled.size) after(event, () => form.requestSubmit(event.submitter));
    else if (form.dataset.sent) event.preventDefault();
    else {
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 2000);
    }
  }, true);

  /* --- dialogs; a blade is another page's content in a dialog --- */
  const plain = (event) => !event.ctrlKey && !event.metaKey;
  const leave = (dialog) => !dialog.dataset.dirty || confirm("Close without saving what you changed?");
  on("input", ({ target }) => { const dialog = target.closest("dialog"); if (dialog && target.name && target.form?.method === "post") dialog.dataset.dirty = "yes"; });
  on("cancel", (event) => { if (!leave(event.target)) event.preventDefault(); }, true);
  on("close", ({ target }) => {
    delete target.dataset.dirty;
    if (target.dataset.leave) location.assign(target.dataset.leave);
  }, true);
  on("click", (event) => {
    const { target } = event, opener = target.closest("[data-open]"), dialog = target.closest("dialog"), link = target.closest("a[data-blade]");
    if (opener) byId(opener.dataset.open).showModal();
    /* The scrim is the dialog itself, outside its box. */
    const box = target.getBoundingClientRect(), { clientX: x, clientY: y } = event;
    const scrim = target === dialog && (x < box.left || x > box.right || y < box.top || y > box.bottom);
    const closer = target.closest("[data-close]"), away = target.closest("dialog a[href]:not([data-blade], [href^='#'])");
    if (dialog && (closer || scrim || (away && plain(event)))) {
      const may = leave(dialog);
      if (closer?.href || !may) event.preventDefault();
      if (may && (closer || scrim)) dialog.close();
    }
    if (link && plain(event)) { event.preventDefault(); blade(link); }
    if (target.closest("[data-menu]")) { event.preventDefault(); showMenu(); }
  });
  async function blade(link) {
    const answer = await fetch(link.href).catch(() => ({}));
    const page = parse(answer.ok && !answer.redirected ? await answer.text() : "");
    const content = one("#content", page), dialog = fromTemplate("blade-template");
    if (!content) return location.assign(link.href);
    dialog.className += ` ${link.dataset.blade}`;
    one("h2", dialog).textContent = one("h1", page).textContent;
    one(".blade-body", dialog).append(...content.childNodes);
    document.body.append(dialog);
    /* Its own address, so that links, forms, Reload and Back mean what they say. */
    history.pushState({ blade: true }, "", link.href);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (history.state?.blade) history.back();
      link.focus();
    });
    htmx.process(dialog);
    dialog.showModal();
    scan();
  }
  addEventListener("popstate", () => one("#blade")?.close());

  /* --- menu and theme --- */
  function showMenu() {
    const menu = one("#menu"), frame = menu.parentElement, dialog = fromTemplate("menu-template");
    dialog.append(menu);
    document.body.append(dialog);
    dialog.addEventListener("close", () => { frame.prepend(menu); dialog.remove(); });
    dialog.showModal();
  }
  on("input", ({ target }) => {
    const entries = target.id === "menu-search" ? all("#menu li") : byId(target.dataset.filter)?.children;
    for (const entry of entries || []) entry.hidden = !entry.textContent.toLowerCase().includes(target.value.trim().toLowerCase());
    for (const section of all(".menu-section")) section.hidden = !one("li:not([hidden])", section);
  });
  function offerTheme() {
    const button = one("[data-theme-button]"), system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    button.value = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    button.ariaLabel = `Switch to ${button.value} theme`;
  }
  on("submit", (event) => {
    if (!event.target.matches("[data-theme-form]") || event.defaultPrevented) return;
    event.preventDefault();
    delete event.target.dataset.sent;
    fetch(event.target.action, { method: "POST", body: new FormData(event.target, event.submitter), keepalive: true, redirect: "manual" });
    root.dataset.theme = event.submitter.value;
    offerTheme();
  });

  /* --- small things --- */
  function toast(text, tone = "info") {
    const bar = fromTemplate(`toast-${tone}`);
    one("div", bar).textContent = text;
    one("#toasts").append(bar);
    const end = () => setTimeout(() => { if (bar.matches(":hover, :focus-within")) end(); else bar.remove(); }, 6000);
    end();
  }
  on("toast", ({ detail }) => toast(detail.text, detail.tone));
  const popups = () => all(".account[open], .pill-menu[open]");
  on("click", ({ target }) => {
    const unable = target.closest("[aria-disabled='true']"), copier = target.closest("[data-copy]");
    if (unable) toast(one(".tip", unable).textContent);
    if (copier) copy(copier.dataset.copy);
    for (const popup of popups()) if (!popup.contains(target)) popup.open = false;
    if (target.closest("[data-live-switch]")) localStorage.setItem("live", (live.off = !live.off) ? "off" : "on");
  });
  function copy(what) {
    const text = what === "location" ? location.href : one(what).innerText;
    navigator.clipboard.writeText(text).then(() => toast("Copied.", "ok"), () => toast("This browser forbids copying.", "warn"));
  }
  let before = "";
  on("keydown", (event) => {
    if (event.key === "Escape") {
      root.classList.add("no-tips");
      for (const popup of popups()) one("summary", popup).click();
    }
    if (event.ctrlKey && event.key === "/" && one("#menu")) {
      event.preventDefault();
      if (!one("#menu").checkVisibility()) showMenu();
      one("#menu-search").focus();
    }
    if (event.target.closest("input, select, textarea, dialog") || event.altKey || !plain(event)) return;
    if (before === "g" && event.key === "/") { event.preventDefault(); one("#global-search")?.focus(); }
    before = event.key;
  });
  on("mouseover", () => root.classList.remove("no-tips"));
  on("focusin", () => root.classList.remove("no-tips"));

  for (const box of all("[data-select]:checked")) paint(box);
  one("dialog[data-open-now]")?.showModal();
  one("[aria-invalid='true']")?.focus();
  if (one("[data-theme-button]")) offerTheme();
  scan();
})();
