/**
 * What people do, in the words of the screen: every step finds its controls by role and name.
 *
 * A step waits for what the person would see at its end, so stories read as plain lists of steps.
 */
import { type BrowserContext, expect, type Locator, type Page } from "@playwright/test";

import type { Watch } from "./watch";

/** What somebody signs in with. */
export interface Account {
  displayName: string;
  username: string;
  password: string;
}

/** The longest username. */
const USERNAME_MAX_CHARS = 32;

/** The account that a person of this name makes: "Ada Lovelace" is `ada.lovelace`. */
export function accountOf(displayName: string): Account {
  const username = displayName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ".")
    .slice(0, USERNAME_MAX_CHARS);
  return { displayName, username, password: `${username} likes long walks` };
}

/** Somebody at one browser. */
export class Person {
  readonly account: Account;
  readonly page: Page;
  /** What their page did that no page of ours may do. */
  readonly watch: Watch;

  constructor(account: Account, page: Page, watch: Watch) {
    this.account = account;
    this.page = page;
    this.watch = watch;
  }

  get displayName(): string {
    return this.account.displayName;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  /** Opens the app and makes the account. */
  async register(): Promise<void> {
    await this.page.goto("/");
    await this.showRegistration();
    await this.fillRegistration(this.account);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.seesConversations();
  }

  /** Opens the link of an invite and makes the account. */
  async registerBy(link: string): Promise<void> {
    await this.page.goto(link);
    await expect(this.page.getByLabel("Display name")).toBeVisible();
    await this.fillRegistration(this.account);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.seesConversations();
  }

  /** From the page that a stranger sees to the form that makes an account. */
  async showRegistration(): Promise<void> {
    await this.page.getByRole("button", { name: "Create account" }).click();
    await expect(this.page.getByLabel("Display name")).toBeVisible();
  }

  /** Opens the app and signs in to the account that exists. */
  async signIn(): Promise<void> {
    await this.page.goto("/");
    await this.fillSignIn(this.account);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await this.seesConversations();
  }

  /** The question whether a device that signed in is theirs. */
  get newDevice(): Locator {
    return this.page.getByRole("region", { name: "New device" });
  }

  /** Says that a device that has just signed in is theirs. */
  async vouchForNewDevice(): Promise<void> {
    const minimise = this.page.getByRole("button", { name: "Minimise call" });
    if (await minimise.isVisible()) await minimise.click();
    await this.newDevice.getByRole("button", { name: "Yes, it is me" }).click();
    await expect(this.newDevice).toBeHidden();
  }

  async fillRegistration({ displayName, username, password }: Account): Promise<void> {
    await this.page.getByLabel("Display name").fill(displayName);
    await this.fillSignIn({ displayName, username, password });
  }

  async fillSignIn({ username, password }: Account): Promise<void> {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
  }

  async seesConversations(): Promise<void> {
    await expect(this.page.getByLabel("Find people")).toBeVisible();
  }

  async signOut(): Promise<void> {
    await this.openAccount();
    await this.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await this.seesEntrance();
  }

  /** Waits for the page that strangers see. */
  async seesEntrance(): Promise<void> {
    await expect(this.page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  }

  /** Searches for somebody and opens the conversation with them, which may be new. */
  async find(other: Person): Promise<void> {
    await this.page.getByLabel("Find people").fill(other.account.username);
    await this.searchResult(other).click();
    await expect(this.messageField).toBeVisible();
  }

  /** Finds somebody new and writes to them, which asks to be accepted. */
  async findAndRequest(other: Person, text: string): Promise<void> {
    await this.find(other);
    await this.sendMessage(text);
  }

  /** Opens a conversation that is in the list. */
  async openConversation(other: Person): Promise<void> {
    await this.conversation(other).click();
    await expect(this.page.getByRole("heading", { name: other.displayName })).toBeVisible();
  }

  /** Opens somebody's request and accepts it. */
  async accept(other: Person): Promise<void> {
    await this.openConversation(other);
    await this.page.getByRole("button", { name: "Accept", exact: true }).click();
    await expect(this.callButton(other)).toBeEnabled();
  }

  /** Writes a message and waits until it stands in the timeline. */
  async sendMessage(text: string): Promise<void> {
    await this.messageField.fill(text);
    await this.messageField.press("Enter");
    await expect(this.messageField).toHaveValue("");
    await this.sees(text);
  }

  /** Waits until a message is in the timeline of the open conversation, once. */
  async sees(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
    await expect(this.message(text)).toBeVisible();
  }

  message(text: string): Locator {
    return this.timeline.getByText(text, { exact: true });
  }

  get timeline(): Locator {
    return this.page.getByRole("log");
  }

  get messageField(): Locator {
    return this.page.getByRole("textbox", { name: "Message" });
  }

  /** The entry of a conversation in the list. */
  conversation(other: Person): Locator {
    return this.page
      .getByRole("navigation", { name: "Conversations" })
      .getByRole("listitem")
      .getByRole("button", { name: other.displayName });
  }

  /** Somebody among those that *Find people* found. */
  searchResult(other: Person): Locator {
    return this.page
      .getByRole("list", { name: "People found" })
      .getByRole("button", { name: other.displayName });
  }

  /** The bubble around a message, with its time and how far it got. */
  bubble(text: string): Locator {
    return this.message(text).locator("..");
  }

  /** What says that the server is out of reach. */
  get offlineNotice(): Locator {
    return this.page.getByRole("status").filter({ hasText: "You are offline." });
  }

  /** Opens one's own account: name, sessions, sign out. */
  async openAccount(): Promise<void> {
    await this.page.getByRole("button", { name: "Your account" }).click();
    await expect(this.sessions.first()).toBeVisible();
  }

  /** Makes an invite in the client and returns its link. */
  async invite(): Promise<string> {
    await this.openAccount();
    await this.page.getByRole("button", { name: "Invite people" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Invite people" });
    await dialog.getByRole("button", { name: "Make a link" }).click();
    return dialog.getByLabel("Invite link").inputValue();
  }

  /** Their entry in the list of accounts of an administrator, which is opened for it. */
  async managed(other: Person): Promise<Locator> {
    await this.openAccount();
    await this.page.getByRole("button", { name: "Manage accounts" }).click();
    return this.page
      .getByRole("list", { name: "Accounts" })
      .getByRole("listitem")
      .filter({ hasText: `@${other.account.username}` });
  }

  /** The entries of the list of sessions. */
  get sessions(): Locator {
    return this.page.getByRole("region", { name: "Where you are signed in" }).getByRole("listitem");
  }

  /** The phone icon in the header of the open conversation. */
  callButton(other: Person): Locator {
    return this.page.getByRole("button", { name: `Call ${other.displayName}` });
  }

  /** The call modal. */
  call(other: Person): Locator {
    return this.page.getByRole("dialog", { name: `Voice call with ${other.displayName}` });
  }
}

/** Makes two people contacts who stand in their conversation, ready to write and to call. */
export async function introduce(caller: Person, callee: Person): Promise<void> {
  await caller.register();
  await callee.register();
  await caller.findAndRequest(callee, `Hello ${callee.displayName}`);
  await callee.accept(caller);
  await expect(caller.callButton(callee)).toBeEnabled();
}
