/** What somebody signs in with besides the password, in words; nothing where there is nothing. */
export function factorWords(left: { authenticator_app: boolean; passkeys: number }): string | null {
  const words = [
    left.authenticator_app ? "an authenticator app" : null,
    left.passkeys === 0 ? null : left.passkeys === 1 ? "one passkey" : `${left.passkeys} passkeys`,
  ].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(" and ");
}
