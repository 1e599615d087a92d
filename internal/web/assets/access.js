// Passkeys: the one thing about signing in that cannot do without scripts. A
// form with data-passkey asks the browser for one when it is sent, and is sent
// with the answer.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const make = async (options) => {
    const key = await navigator.credentials.create({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    } });
    return { key, response: {
      clientDataJSON: text(key.response.clientDataJSON),
      attestationObject: text(key.response.attestationObject),
      transports: key.response.getTransports ? key.response.getTransports() : [],
    } };
  };

  const use = async (options) => {
    const key = await navigator.credentials.get({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: known(options.allowCredentials),
    } });
    return { key, response: {
      clientDataJSON: text(key.response.clientDataJSON),
      authenticatorData: text(key.response.authenticatorData),
      signature: text(key.response.signature),
      userHandle: key.response.userHandle ? text(key.response.userHandle) : undefined,
    } };
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const answer = form.elements.namedItem("answer");
    const failed = form.querySelector("[data-passkey-failed]");
    let busy = false;

    const ask = async () => {
      const reply = await fetch(form.dataset.options, { method: "POST" });
      if (reply.redirected) {
        location.reload(); // the server wants something else first
        return;
      }
      if (!reply.ok) throw new Error("no options");
      const options = await reply.json();
      const { key, response } = await (form.dataset.passkey === "make" ? make : use)(options);
      answer.value = JSON.stringify({
        id: key.id, rawId: text(key.rawId), type: key.type, response,
        authenticatorAttachment: key.authenticatorAttachment || undefined,
        clientExtensionResults: key.getClientExtensionResults(),
      });
      form.requestSubmit();
    };

    form.addEventListener("submit", async (event) => {
      if (answer.value !== "" || !window.PublicKeyCredential) return; // without, the server says so
      event.preventDefault();
      if (busy) return;
      busy = true;
      failed.hidden = true;
      try {
        await ask();
      } catch {
        failed.hidden = false;
      }
      busy = false;
    });
    // The back button may show the page as it was left.
    window.addEventListener("pageshow", () => { answer.value = ""; });
  });
})();
