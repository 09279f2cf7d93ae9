/** The server that somebody's account is on. */
export function serverOf(user: string): string {
  return user.slice(user.indexOf(':') + 1);
}
