// Words of a model and of log lines show addresses, but no chat can make a link of them.

import { expect, test } from 'vitest'
import { sanitize } from './sanitize.ts'

test.each([
  ['see evil.com now', 'see evil[.]com now'],
  ['see evil.sh/x', 'see evil[.]sh/x'],
  ['see https://evil.example/x', 'see https[:]//evil[.]example/x'],
  ['see evil。com', 'see evil[.]com'],
  ['see evil．sh and evil｡org', 'see evil[.]sh and evil[.]org'],
  ['see еvil.рф', 'see еvil[.]рф'],
  ['see www.bücher.example', 'see www[.]bücher[.]example'],
])('an address in %s leads nowhere', (text, shown) => expect(sanitize(text, 200)).toBe(shown))

test.each(['at TokenService.java:42 in app.ts', 'version 1.2.3 of node.js', 'run backup.sh', 'ende. Über alles'])(
  '%s stays as it is',
  text => expect(sanitize(text, 200)).toBe(text),
)
