// What scripts add to the pages. Every page works without them.
"use strict";

(() => {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // A refused form: the summary takes the focus. Where the address has a
  // fragment, as after a link in the summary, the browser heeds that in place
  // of autofocus, and not before the page has loaded.
  const summary = document.querySelector("[data-focus]");
  if (summary) window.addEventListener("load", () => setTimeout(() => summary.focus()));

  // The menu link jumps to the navigation; here it becomes a button that folds it.
  all("[data-toggle]").forEach((link) => {
    const panel = document.getElementById(link.dataset.toggle);
    if (!panel) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = link.className;
    button.setAttribute("aria-controls", panel.id);
    button.append(...link.childNodes);
    const show = (open) => {
      button.setAttribute("aria-expanded", String(open));
      panel.classList.toggle("is-open", open);
      panel.classList.toggle("is-closed", !open);
    };
    // On a wide screen the classes have no effect.
    show(location.hash === "#" + panel.id);
    button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || button.offsetParent === null) return;
      show(false);
      button.focus();
    });
    link.replaceWith(button);
  });

  // Menus close when one clicks elsewhere, leaves them, or presses Escape.
  all("details[data-menu]").forEach((menu) => {
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    // What a frame answers leaves the page and its form as they are.
    if (event.submitter && event.submitter.formTarget) return;
    if (event.defaultPrevented || form.method !== "post" || "download" in form.dataset) return;
    form.dataset.sent = "true";
    all("button[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  const unlock = () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("button[type=submit]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  });
  // The back button may show the page as it was left.
  window.addEventListener("pageshow", unlock);

  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return; // only over https and on this machine
    button.hidden = false;
    const words = button.querySelector("span");
    const before = words.textContent;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      } catch {
        return;
      }
      words.textContent = button.dataset.copied;
      words.setAttribute("role", "status");
      setTimeout(() => { words.textContent = before; }, 2000);
    });
  });

  all("[data-reveal]").forEach((button) => {
    const field = document.getElementById(button.dataset.reveal);
    const words = button.firstChild;
    const show = words.textContent;
    button.hidden = false;
    const set = (visible) => {
      field.type = visible ? "text" : "password";
      words.textContent = visible ? button.dataset.hide : show;
    };
    button.removeAttribute("aria-pressed");
    button.addEventListener("click", () => set(field.type === "password"));
    // What is sent as text may be offered again by the browser.
    field.form.addEventListener("submit", () => set(false));
  });

  // The rules below a new PIN tick while one types.
  all("[data-check]").forEach((field) => {
    const rules = all("[data-rule]", document.getElementById(field.id + "-rules") || document.createElement("ul"));
    let timer = 0;
    let asked = 0;
    const mark = (broken) => rules.forEach((rule) => {
      if (broken) rule.dataset.holds = String(!broken.includes(rule.dataset.rule));
      else delete rule.dataset.holds;
    });
    const ask = async () => {
      const mine = ++asked;
      if (field.value === "") {
        mark(null);
        return;
      }
      try {
        const answer = await fetch(field.dataset.check, { method: "POST", body: new URLSearchParams({ value: field.value }) });
        const broken = answer.ok ? await answer.json() : null;
        if (mine === asked) mark(broken);
      } catch {
        if (mine === asked) mark(null);
      }
    };
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 200);
    });
  });

  // The box in a list's head ticks all boxes of the list.
  const boxesOf = (head) => all(`input[type=checkbox][name="${head.dataset.checkAll}"]`);
  const offer = () => all("[data-check-all]").forEach((head) => head.closest("[hidden]")?.removeAttribute("hidden"));
  offer();
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) {
      boxesOf(event.target).forEach((box) => { box.checked = event.target.checked; });
      return;
    }
    all("[data-check-all]").filter((head) => head.dataset.checkAll === event.target.name).forEach((head) => {
      const boxes = boxesOf(head);
      const ticked = boxes.filter((box) => box.checked).length;
      head.checked = ticked > 0 && ticked === boxes.length;
      head.indeterminate = ticked > 0 && !head.checked;
    });
  });

  // A list that was fetched while one typed says under which address it can be
  // found again.
  document.addEventListener("htmx:after:swap", () => {
    offer();
    const list = document.querySelector("[data-address]");
    if (list) history.replaceState(null, "", list.dataset.address);
  });
})();
