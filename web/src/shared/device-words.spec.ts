import { describe, expect, it } from 'vitest'
import { deviceWords } from './device-words'

describe('a device', () => {
  it('is told by what its browser says of itself', () => {
    const words: [string, string][] = [
      ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Edg/120.0', 'Windows Edge'],
      ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1', 'iPhone Safari'],
      ['Mozilla/5.0 (Linux; Android 14; HUAWEI) AppleWebKit/537.36 Chrome/114.0 Mobile Safari/537.36 MicroMessenger/8.0', 'Android 微信'],
      ['Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0', 'Linux Firefox'],
    ]
    for (const [agent, expected] of words) {
      const device = deviceWords(agent)
      expect(`${device?.system} ${device?.browser}`).toBe(expected)
    }
    expect(deviceWords('curl/8.0')).toBeNull()
    expect(deviceWords('')).toBeNull()
  })
})
