import { describe, expect, it } from 'vitest'
import { invitationAddress, invitationCode } from './invitation-code'

describe('an invitation code', () => {
  it('is read as people write it, and out of what a QR code says', () => {
    for (const good of ['ABCDE-FGHJK', 'abcdefghjk', ' abcde fghjk ', 'ＡＢＣＤＥ－ＦＧＨＪＫ'.replace('－', '-'), invitationAddress('https://zhipei.example', 'ABCDE-FGHJK')]) {
      expect(invitationCode(good), good).toBe('ABCDE-FGHJK')
    }
    for (const bad of ['', 'ABCDE', 'ABCDE-FGHJ0', 'ABCDE-FGHJI', 'ABCDEFGHJKL']) expect(invitationCode(bad), bad).toBeNull()
  })
})
