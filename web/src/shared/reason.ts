/** A reason or a comment that staff give: 2 to 200 characters; the server has the same rule. */
export function isReason(text: string): boolean {
  const length = [...text.trim()].length
  return length >= 2 && length <= 200
}
