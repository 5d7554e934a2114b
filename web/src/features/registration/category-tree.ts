import type { Schemas } from '@zhipei/api-client'

type Choice = Schemas['ChoiceOut']

export interface CategoryGroup extends Choice {
  children: Choice[]
}

/** A code of four digits belongs to its first two. */
export function categoryTree(choices: readonly Choice[]): CategoryGroup[] {
  return choices
    .filter((one) => one.code.length === 2)
    .map((group) => ({ ...group, children: choices.filter((one) => one.code.length > 2 && one.code.startsWith(group.code)) }))
}
