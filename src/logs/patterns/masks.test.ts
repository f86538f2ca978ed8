// What varies is masked, what names stays, and no text takes long.
import { describe, expect, it } from 'vitest'
import { maskForIdentity, maskForPattern } from './masks.ts'

describe('masks', () => {
  it.each([
    ['GET https://shop.example/cart?id=1 failed', 'GET <*> failed'],
    ['mail to ann.lee+x@shop.example bounced', 'mail to <*> bounced'],
    ['request 7f9c24e8-3b1c-4f8a-9d2e-1a2b3c4d5e6f done', 'request <*> done'],
    ['peer 10.0.0.1:5432 (db-1.shop.example) gone', 'peer <*> gone'],
    ['arp 00:1b:44:11:3a:b7 seen', 'arp <*> seen'],
    ['at 2026-11-21T08:00:05.123Z it broke', 'at <*> it broke'],
    ['at Sat Nov 21 08:00:05 UTC 2026 it broke', 'at <*> it broke'],
    ['open /var/lib/app/x.db: no such file', 'open <*>: no such file'],
    ['open C:\\temp\\x: no such file', 'open <*>: no such file'],
    ['took 12.5ms of 30 seconds', 'took <*> of <*>'],
    ['commit 3f2a9c81d4e5b6a7 by v1.2.3-beta', 'commit <*> by <*>'],
    ['0xdeadbeef -5 +7 1e-9', '<*>'],
    ['block blk_-1608999687919862906 lost', 'block <*> lost'],
    ['sent 1024 bytes (1.0 KB)', 'sent <*> bytes'],
    ['values 1, 2, 3 and 4', 'values <*> and <*>'],
    ['plain words stay as they are', 'plain words stay as they are'],
  ])('make %s of it', (message, masked) => {
    expect(maskForPattern(message)).toBe(masked)
    expect(maskForIdentity(message)).toBe(masked)
  })

  it('for the identity of errors leave names that tell errors apart', () => {
    const message = "error code=REFUSED_x in com.shop.cart.Pay for user ann of 'shop'"
    expect(maskForIdentity(message)).toBe('error code=REFUSED_x in com.shop.cart.Pay for user ann of <*>')
    expect(maskForPattern(message)).toBe('error code=<*> in <*> for user <*> of <*>')
    expect(maskForPattern('ok=true state=ACTION_DOWN')).toBe('ok=true state=ACTION_DOWN')
  })

  it.each([
    ['upstream returned 502', 'upstream returned 502'],
    ['GET https://shop.example/pay: 404 Not Found', 'GET <*> 404 Not Found'],
    ['request failed with status code 503 after 12 ms', 'request failed with status code 503 after <*>'],
    ['query returned 500 rows', 'query returned <*> rows'],
    ['column "order_id" does not exist', 'column <*> does not exist'],
    ["user 'Ann Lee' not found", 'user <*> not found'],
    ['lost error="EOF"', 'lost error="EOF"'],
    ['connect to [2001:db8::1]:5432 refused', 'connect to <*> refused'],
    ['connect to fe80::1 refused', 'connect to <*> refused'],
    ['Cart::pay failed at std::io', 'Cart::pay failed at std::io'],
    ['request failed {"user":1,"items":[1,2]}', 'request failed {<*>}'],
    ['{"code":"REFUSED"}', '{"code":"REFUSED"}'],
  ])('make of %s the identity %s', (message, masked) => expect(maskForIdentity(message)).toBe(masked))

  it('finish with any text, as they are linear', () => {
    for (const piece of [
      'a',
      '1',
      'a.',
      '/a',
      '<*>',
      '<*> ',
      'a=',
      '="',
      '1:',
      '[',
      '::',
      '{"',
      '"A ',
      "'",
      'status ',
      'x(1',
      'a@',
      '-',
      'Nov 1, ',
      '10.0.0.',
      'com.',
      '\\',
      '%',
    ])
      for (const mask of [maskForPattern, maskForIdentity])
        for (let turn = 0; turn < 100; turn++) expect(typeof mask(piece.repeat(300_000 / piece.length))).toBe('string')
  })
})
