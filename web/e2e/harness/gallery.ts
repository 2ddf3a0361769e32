/**
 * The views of the gallery by the names of their pictures, and how one gets to them: `gallery.html` has every view, also those that a
 * server shows only after long stories.
 */
import { expect, type Page } from "@playwright/test";

/* The ways to dialogs that are opened by several presses. */
const TESTING = ["Your account", "Test my connection", "Start the test"];
const SIGNING_IN = ["Your account", "Sign-in settings"];

/** A name and a password, as somebody types them who comes to the door. */
const PASSWORD_RIGHT: Step[] = [
  { field: "Username", text: "ada" },
  { field: "Password", text: "ada likes long walks" },
  "Sign in",
];

/** The name of a button to press, or a field and what to write there. */
type Step = string | { field: string; text: string };

/** What is done before a picture is taken, for views that begin so. */
export const PRESSED: Record<string, { wishes: string; press: Step[] }> = {
  calls: { wishes: "", press: ["Calls"] },
  "calls-times": { wishes: "", press: ["Calls", "Show the times"] },
  "entry-times": { wishes: "open=5", press: ["Show each time"] },
  person: { wishes: "open=4", press: ["About"] },
  account: { wishes: "disturb", press: ["Your account"] },
  invites: { wishes: "administrator", press: ["Your account", "Invite people", "Make a link"] },
  "invites-none": { wishes: "administrator&empty", press: ["Your account", "Invite people"] },
  accounts: { wishes: "administrator", press: ["Your account", "Manage accounts"] },
  "accounts-asked": {
    wishes: "administrator",
    press: ["Your account", "Manage accounts", "Reset the password of Emil"],
  },
  "accounts-problem": {
    wishes: "administrator",
    press: ["Your account", "Manage accounts", "Disable the account of Ben"],
  },
  "accounts-reset": {
    wishes: "administrator",
    press: ["Your account", "Manage accounts", "Reset the password of", "Reset it"],
  },
  "connection-test": { wishes: "", press: TESTING.slice(0, 2) },
  ...Object.fromEntries(
    ["well", "closed-udp", "faults", "relay-off", "testing"].map((name) => [
      `connection-${name}`,
      { wishes: `connection=${name}`, press: TESTING },
    ]),
  ),
  "signing-in": { wishes: "", press: SIGNING_IN },
  "signing-in-password": { wishes: "factors", press: [...SIGNING_IN, "Change password"] },
  "signing-in-factors": { wishes: "factors", press: SIGNING_IN },
  "signing-in-app": { wishes: "", press: [...SIGNING_IN, "Set up an app"] },
  "signing-in-codes": { wishes: "factors", press: [...SIGNING_IN, "Make new codes"] },
  "signing-in-confirm": { wishes: "factors&confirm", press: [...SIGNING_IN, "Remove the app"] },
  "signing-in-rename": { wishes: "factors", press: [...SIGNING_IN, "Rename The grey key"] },
  "second-factor": { wishes: "entrance", press: PASSWORD_RIGHT },
  "second-factor-missing": { wishes: "entrance", press: [...PASSWORD_RIGHT, "Continue"] },
  "second-factor-recovery": {
    wishes: "entrance",
    press: [...PASSWORD_RIGHT, "Use a recovery code"],
  },
  "second-factor-passkey": { wishes: "entrance&ways=passkey", press: PASSWORD_RIGHT },
  "invited-faults": {
    wishes: "entrance&registration=invite#invite=x",
    press: [
      { field: "Username", text: "a" },
      { field: "Password", text: "short" },
      "Create account",
    ],
  },
  "choose-password-fault": {
    wishes: "entrance#reset=x",
    press: [{ field: "New password", text: "short" }, "Keep this password"],
  },
  sessions: { wishes: "", press: ["Your account", "Sign out everywhere"] },
  "account-hidden": { wishes: "hidden", press: ["Your account"] },
  "person-hidden": { wishes: "open=1&relay=always", press: ["About"] },
  "route-direct": { wishes: "open=1&call=active", press: ["Direct connection"] },
  "route-relayed": { wishes: "open=1&call=relayed", press: ["Relayed connection"] },
  "route-hidden": { wishes: "open=1&call=relayed&hidden", press: ["Relayed connection"] },
  pictures: { wishes: "open=1&call=active", press: ["compare pictures"] },
  "pictures-long": { wishes: "open=4&call=long-names", press: ["compare pictures"] },
  "pictures-new-device": { wishes: "open=1&call=new-device", press: ["compare pictures"] },
  "pictures-later": { wishes: "open=1&call=no-pictures", press: ["compare pictures"] },
  "sound-settings": { wishes: "open=1&call=active", press: ["Sound settings"] },
  "reject-message": { wishes: "open=1&call=incoming", press: ["Reject with a message"] },
  "reject-waiting-message": { wishes: "open=1&call=waiting", press: ["Reject with a message"] },
};
/** The others, by their name on a picture: what the address wishes. */
export const OTHERS: Record<string, string> = {
  "by-invitation": "entrance&registration=invite",
  invited: "entrance&registration=invite#invite=x",
  "invited-in-vain": "entrance&registration=invite&used#invite=x",
  first: "entrance&first",
  "choose-password": "entrance#reset=x",
  "choose-password-in-vain": "entrance&used#reset=x",
  closed: "entrance&registration=closed",
  disturb: "disturb",
  entrance: "entrance",
  "recovery-few": "codes=2",
  quiet: "quiet",
  offline: "offline",
  "missed-grouped": "open=5",
  "strange-device": "strange",
  guest: "open=1&call=active&guest",
  "guest-incoming": "open=1&call=incoming&guest",
  unplugged: "open=1&call=active&unplugged=Headset",
  "unplugged-minimised": "open=1&call=active&minimised&unplugged=Headset",
  "sound-blocked": "open=1&call=active&blocked",
  ...Object.fromEntries(
    ["active", "waiting", "held", "on-hold", "reconnecting"].map((name) => [
      `${name}-minimised`,
      `open=1&call=${name}&minimised`,
    ]),
  ),
};

/** Does one step. */
export async function follow(page: Page, step: Step): Promise<void> {
  if (typeof step === "string") await page.getByRole("button", { name: step }).first().click();
  else await page.getByLabel(step.field, { exact: true }).fill(step.text);
}

/** Opens a view of a gallery that is served at an address. */
export async function open(page: Page, address: string, wishes: string): Promise<void> {
  // Where only what is behind the `#` differs, nothing would be loaded.
  await page.goto("about:blank");
  await page.goto(`${address}gallery.html?${wishes}`);
  // On a phone an open conversation hides the list, and a call everything else.
  await expect(page.locator("main, nav").filter({ visible: true }).first()).toBeVisible();
}
