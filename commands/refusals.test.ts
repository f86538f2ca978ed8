// What a refused command line is answered with: one sentence, the usage, and buttons with the form that was probably meant.
import { expect, it } from 'vitest'
import { problemCard } from '../src/command/problem-card.ts'
import { Problem } from '../src/problem.ts'
import { startApp } from '../src/testing/app.ts'

/** The line and what its buttons run. */
const CASES: readonly [line: string, buttons: readonly string[]][] = [
  ['checks lsit --status down', ['checks list --status down', 'checks edit --status down']],
  ['chekcs show nightly-backup', ['checks show nightly-backup', 'help']],
  ['stattus', ['status', 'help']],
  ['checks show nightly', ['checks show nightly-backup']],
  ['checks pause "nightly backup"', ['checks list']],
  ['checks add job --evry 5m', ['checks add job --every 5m', 'help checks add']],
  ['checks add job --evry=5m', ['checks add job --every=5m', 'help checks add']],
  ['checks add job --probe https://x.example --headr "Authorization: x" --evry 5m', ['help checks add']],
  ['alerts show 99', ['alerts list']],
  ['checks add', ['help checks add']],
  ['nonsense', ['help']],
  ['keys revoke nope', ['keys list']],
]

it('has a button with the right form, or with the command that shows what there is', async () => {
  const app = await startApp()
  await app.says('checks add nightly-backup --every 1d')
  for (const [line, buttons] of CASES) {
    const reply = await app.says(line)
    expect(reply.ok, line).toBe(false)
    const shown = (reply.card.buttons ?? []).map(button => button.line)
    expect(shown, line).toEqual(buttons)
  }
})

it.each([
  ['silence add nightly-backup --for 1h --to 17:00', 'Use either --for or --to, not both.'],
  ['checks edit nightly-backup --active "Mon 25:00-26:00"', '25:00'],
])('%s is refused with its reason', async (line, reason) => {
  const app = await startApp()
  await app.says('checks add nightly-backup --every 1d')
  expect(await app.answerText(line)).toContain(reason)
})

it('shows the usage once, apart from the sentence', () => {
  const usage = 'checks add <name> [--every EVERY]'
  const card = problemCard(new Problem('invalid', `Name is missing. Usage: ${usage}`, { usage }))
  expect(card.lines).toEqual(['Name is missing.'])
  expect(card.evidence).toEqual([{ kind: 'output', name: 'Usage', text: usage }])
})
