/** Identity numbers with a right check, of nobody: their area is in no list. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

export function madeUpNumber(born: string, sequence: number): string {
  const digits = `469099${born}${String(sequence).padStart(3, '0')}`
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0)
  return digits + '10X98765432'[sum % 11]
}
