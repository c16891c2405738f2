/* Passkeys: sign in, confirm, or set one up. Challenges come from this site and go back to it. */
const API = "/api/v1";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** POST as JSON; the answer, or an Error with what the API says of it. */
async function post(path, body) {
  const answer = await fetch(API + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (answer.ok) return said;
  if (said.code === "confirmation_needed") location.assign(`/confirm?next=${location.pathname}`);
  throw new Error(said.errors?.[0]?.message ?? said.detail);
}

function options(json) {
  const bytes = (one) => ({ ...one, id: toBytes(one.id) });
  return {
    ...json,
    challenge: toBytes(json.challenge),
    ...(json.user && { user: bytes(json.user) }),
    ...(json.allowCredentials && { allowCredentials: json.allowCredentials.map(bytes) }),
    ...(json.excludeCredentials && { excludeCredentials: json.excludeCredentials.map(bytes) }),
  };
}

function plain(credential) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const found = names.filter((name) => credential.response[name]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(found.map((name) => [name, toText(credential.response[name])])),
  };
}

const get = async (json) => plain(await navigator.credentials.get({ publicKey: options(json) }));
const create = async (json) => plain(await navigator.credentials.create({ publicKey: options(json) }));

const uses = {
  async "sign-in"() {
    const asked = await post("/auth/passkey/options");
    const credential = await get(asked.public_key);
    await post("/auth/passkey", { request_id: asked.request_id, credential });
  },
  async confirm() {
    const asked = await post("/auth/factor/options");
    await post("/auth/factor", { passkey: await get(asked.public_key) });
  },
  async register(part) {
    const asked = await post("/me/passkeys/options");
    const credential = await create(asked.public_key);
    await post("/me/passkeys", { credential, label: part.querySelector("input").value });
  },
};

function goOn(then) {
  if (then.startsWith("#")) document.querySelector(then).submit();
  else location.assign(then);
}

export function start(parts) {
  if (!window.PublicKeyCredential) return;
  for (const part of parts) {
    const error = part.querySelector("[role=alert]");
    const button = part.querySelector("button");
    part.hidden = false;
    button.addEventListener("click", async () => {
      error.hidden = true;
      button.disabled = true;
      try {
        await uses[part.dataset.use](part);
        goOn(part.dataset.then);
      } catch (problem) {
        const isRefused = problem instanceof DOMException;
        error.textContent = isRefused ? "Nothing was done. You can try it again." : problem.message;
        error.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }
}
