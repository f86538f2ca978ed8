// Noise that must never cause an alert: half sentences, colours, other scripts, rulers, long lines.
import type { SourceKind } from './source-kind.ts'

const SCRAPS = [
  'ok',
  '.....',
  '=====',
  'done',
  '~',
  'пинг',
  '再試行',
  'مرحبا',
  '¯\\_(ツ)_/¯',
  '🟢',
  'tick',
  '0x7f',
  '42',
  'lorem ipsum',
]

export const noise: SourceKind = {
  kind: 'noise',
  contentType: 'text/plain',
  query: ({ name, host }) => ({ source: name, host, level: 'debug' }),
  write(_, random) {
    const words = Array.from({ length: 1 + random.whole(12) }, () => random.pick(SCRAPS)).join(' ')
    const shape = random.whole(20)
    if (shape === 0) return words.repeat(50)
    return shape < 5 ? `\u001b[3${random.whole(8)}m${words}\u001b[0m` : words
  },
}
