/** A person's name as on their document, as `crates/domain/src/person_name.rs` has it. The server decides. */
export function isPersonName(typed: string): boolean {
  const chinese = /\p{Script=Han}|〇/u.test(typed)
  const text = typed.normalize('NFKC').trim()
  const name = chinese ? text.replaceAll(/\s/g, '').replaceAll(/[•‧・･．.∙⋅]/g, '·') : text.replaceAll(/\s+/g, ' ')
  const length = [...name].length
  if (length < 2 || length > 50) return false
  return chinese ? /^[\p{Script=Han}〇]+(·[\p{Script=Han}〇]+)*$/u.test(name) : /^[\p{Alphabetic}\p{M}][\p{Alphabetic}\p{M} .'’-]*[\p{Alphabetic}\p{M}.]$/u.test(name)
}
