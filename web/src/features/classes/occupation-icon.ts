import type { Component } from 'vue'
import { FirstAidKit, KnifeFork, Lightning, Reading, SetUp, Sunny, Van } from '@element-plus/icons-vue'

/** A picture for an occupation by the beginning of its code; the first that fits. */
const ICONS: readonly (readonly [string, Component])[] = [
  ['6-31-01', Lightning],
  ['4-10', FirstAidKit],
  ['4-14', FirstAidKit],
  ['4-03', KnifeFork],
  ['4-02', Van],
  ['5-', Sunny],
  ['6-', SetUp],
]

export function occupationIcon(code: string): Component {
  return ICONS.find(([start]) => code.startsWith(start))?.[1] ?? Reading
}
