/** What a browser calls itself, in a few words a person knows their own device by. */
export function deviceWords(userAgent: string): { system: string; browser: string } | null {
  const find = (table: readonly [RegExp, string][]): string | undefined => table.find(([mark]) => mark.test(userAgent))?.[1]
  const system = find(SYSTEMS)
  const browser = find(BROWSERS)
  return system && browser ? { system, browser } : null
}

const SYSTEMS: readonly [RegExp, string][] = [
  [/HarmonyOS|OpenHarmony/i, 'HarmonyOS'],
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]

// The more particular first: most of them call themselves Chrome and Safari too.
const BROWSERS: readonly [RegExp, string][] = [
  [/MicroMessenger/, '微信'],
  [/Edg/, 'Edge'],
  [/360SE|360EE|QihooBrowser/, '360'],
  [/QQBrowser/, 'QQ 浏览器'],
  [/HuaweiBrowser/, '华为浏览器'],
  [/Firefox/, 'Firefox'],
  [/Chrome|CriOS/, 'Chrome'],
  [/Safari/, 'Safari'],
]
