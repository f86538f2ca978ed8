// What is not easily taken back is asked about first, and done by the button of the question.
import { expect, it } from 'vitest'
import { startApp } from '../src/testing/app.ts'

const person = { interactive: true }

it.each([
  ['checks remove job', ['checks add job --every 1d'], 'checks show job'],
  ['projects remove shop', ['projects add shop'], 'projects show shop'],
  ['rules remove logins', ['rules add logins --kind search --matcher login --threshold 10'], 'rules show logins'],
  ['channels remove ops', ['channels add discord:100000000000000001 --name ops'], 'channels test ops'],
  ['routes remove nights', ['routes add nights --to discord'], 'routes edit nights --matcher check:x'],
  ['escalations remove boss', ['escalations add boss --after 1h --to discord'], 'escalations show boss'],
  [
    'oncall remove days',
    ['oncall member add ann', 'oncall add days --members ann'],
    'oncall override days --who ann --for 8h',
  ],
  ['reports remove weekly', ['reports add weekly --weekly --to discord'], 'reports show weekly'],
  ['maintenance remove deploy', ['maintenance add deploy --for 1h --matcher host:web-*'], 'maintenance show deploy'],
])('"%s" asks first', async (line, before, isThere) => {
  const app = await startApp()
  for (const one of before) await app.result(one)
  const question = await app.says(line, person)
  expect(question.card.title).toMatch(/^Remove .+\?$/)
  const [doIt] = question.card.buttons!
  expect(doIt).toMatchObject({ label: 'Remove it', tone: 'danger' })
  expect(await app.says(isThere)).toMatchObject({ ok: true })
  expect(await app.says(doIt!.line, person)).toMatchObject({ ok: true })
  expect(await app.says(isThere)).toMatchObject({ ok: false })
  await app.stop()
})
