let asked: Promise<ReadonlySet<string>> | null = null

/** The server's own list of common words, fetched once when a password is about to be chosen. */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  asked ??= import('../../../crates/domain/src/common_passwords.txt?raw').then((file) => new Set(file.default.split('\n')))
  return asked
}
