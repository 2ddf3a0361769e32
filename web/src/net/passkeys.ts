// Passkeys: what the browser does with the options that the server sends, and nothing of ours in between.

/** The person closed the browser's dialogue, or let it run out. */
export class PasskeyCancelled extends Error {
  override readonly name = "PasskeyCancelled";

  constructor() {
    super("No passkey was used. Try again, or go another way.");
  }
}

/** This browser has no use of passkeys. */
export function passkeysWork(): boolean {
  // Missing on insecure pages and in old browsers, whatever the types say.
  const credential = (globalThis as Partial<typeof globalThis>).PublicKeyCredential as
    Partial<typeof PublicKeyCredential> | undefined;
  return (
    credential?.parseCreationOptionsFromJSON !== undefined &&
    credential.parseRequestOptionsFromJSON !== undefined
  );
}

/** Has the browser make a passkey. */
export function makePasskey(options: object): Promise<object> {
  return ask(() =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(
        options as PublicKeyCredentialCreationOptionsJSON,
      ),
    }),
  );
}

/** Has the browser ask for a passkey. */
export function usePasskey(options: object): Promise<object> {
  return ask(() =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(
        options as PublicKeyCredentialRequestOptionsJSON,
      ),
    }),
  );
}

/** The account whose passkey has answered: its id is the passkey's user handle. */
export function accountOf(credential: object): string | null {
  const { response } = credential as { response?: { userHandle?: unknown } };
  const handle = response?.userHandle;
  if (typeof handle !== "string") return null;
  const bytes = atob(handle.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes.length !== 16) return null;
  const hex = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(
    "",
  );
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function ask(dialogue: () => Promise<Credential | null>): Promise<object> {
  let credential: Credential | null;
  try {
    credential = await dialogue();
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError") {
      throw new Error("This device has a passkey for your account already.", { cause: error });
    }
    if (error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name)) {
      throw new PasskeyCancelled();
    }
    throw error;
  }
  if (credential === null) throw new PasskeyCancelled();
  return (credential as PublicKeyCredential).toJSON();
}
