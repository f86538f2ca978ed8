// Redaction measured by a public rule set: how many secrets of each rule are masked, and how many harmless lines change.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HARMLESS_LINES } from './harmless-lines.testing.ts'
import { redact } from './redact.ts'

type Rule = { id: string; secret: string; keyword?: string }

const RULES: Rule[] = JSON.parse(
  readFileSync(new URL('../../testing/fixtures/gitleaks/rules.json', import.meta.url), 'utf8'),
)
const SAMPLES = 4
/** Floors of what was measured when they were set. */
const MIN_RECALL = 0.99
const MIN_PRECISION = 0.995

test('secrets of the rules of gitleaks are masked, and harmless lines stay as they are', () => {
  const missed = new Map<string, string>()
  let secrets = 0
  let masked = 0
  for (const rule of RULES)
    for (const { text, secret } of samples(rule)) {
      secrets++
      const shown = redact(text)
      if (!shown.includes(secret) && !shown.includes(secret.slice(-12)) && shown.includes('[hidden:')) masked++
      else missed.set(rule.id, `${text} -> ${shown}`)
    }
  const changed = HARMLESS_LINES.filter(line => redact(line) !== line)
  const recall = masked / secrets
  const precision = masked / (masked + changed.length)
  const numbers = `${RULES.length} rules, ${secrets} secrets, ${HARMLESS_LINES.length} harmless lines`
  process.stdout.write(`redaction: recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)} (${numbers})\n`)
  expect(recall, [...missed].map(entry => entry.join(': ')).join('\n')).toBeGreaterThanOrEqual(MIN_RECALL)
  expect(precision, changed.join('\n')).toBeGreaterThanOrEqual(MIN_PRECISION)
  expect(changed.length / HARMLESS_LINES.length, changed.join('\n')).toBeLessThanOrEqual(0.01)
})

/** Texts with a secret of a rule, as gitleaks' own generator writes them: bare where the shape tells it, else with a name. */
function* samples({ id, secret, keyword }: Rule): Generator<{ text: string; secret: string }> {
  const values = fc.sample(fc.stringMatching(new RegExp(`^(?:${secret})$`)), { numRuns: SAMPLES, seed: 11 })
  for (const [i, value] of values.entries()) {
    if (keyword === undefined) {
      const texts = [`sent ${value} to it`, `{"k":"${value}"}`, `GET /x?k=${value}&n=1`, `(${value})`]
      yield { text: texts[i % texts.length]!, secret: value }
      continue
    }
    const name = `${keyword.replace(/[-_]$/, '')}_${kindOf(id)}`
    const camel = name.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase())
    const texts = [
      `${name}=${value}`,
      `"${camel}": "${value}"`,
      `${name.toUpperCase()}: '${value}'`,
      `${name} = ${value}`,
    ]
    yield { text: texts[i % texts.length]!, secret: value }
  }
}

function kindOf(id: string): string {
  return (
    /(?:api-key|client-secret|secret-key|access-key|signing-key|insert-key|password|secret)$/
      .exec(id)?.[0]
      .replace('-', '_')
      .replace('insert_key', 'api_key') ?? 'token'
  )
}
