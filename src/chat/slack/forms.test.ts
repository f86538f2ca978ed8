// Forms: a button that asks for arguments opens a modal, and its entries complete the command line.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Problem } from '../../problem.ts'
import { hasty, type Started, startBot } from './bot.testing.ts'
import { readEntries } from './forms.ts'

let started: Started
let slack: Started['slack']
let dispatcher: Started['dispatcher']
beforeEach(() => start())
afterEach(() => started.stop())

async function start(...options: Parameters<typeof startBot>) {
  started = await startBot(...options)
  ;({ slack, dispatcher } = started)
}
const restart = async (...options: Parameters<typeof startBot>) => {
  await started.stop()
  await start(...options)
}

const form = async (...ask: string[]) => {
  await slack.press(await started.alert(ask), 'Acknowledge', slack.member)
  return slack.until(() => slack.views(slack.member).at(-1), 'the form')
}

test('a button that asks for arguments opens a form, and its entries complete the line', async () => {
  const modal = await form('note', 'mood', 'loud')
  expect(modal.view).toMatchObject({ title: { text: 'Ack' }, blocks: [{ block_id: 'note' }, {}, {}] })
  await slack.submit(modal, { Note: 'disk "full"', Mood: 'worried', Loud: ['yes'] }, slack.member)
  await slack.until(() => dispatcher.ran.length === 1)
  expect(dispatcher.ran[0]?.line).toBe('ack 7 --note="disk \\"full\\"" --mood=worried --loud=true')
  expect(modal.open).toBe(false)
  const [answer] = await started.answersTo(slack.member, 1)
  expect(answer).toContain('"note":"disk \\"full\\""')
  expect(slack.violations).toEqual([])
})

test('an error is shown beside its field, and the form stays open', async () => {
  const modal = await form('note')
  await slack.submit(modal, { Note: 'eh' }, slack.member)
  expect(modal).toMatchObject({ open: true, errors: { note: 'must have at least 4 characters' } })
  await slack.submit(modal, { Note: 'better' }, slack.member)
  expect(modal.open).toBe(false)
})

test('a slow command closes the form in time and answers later', async () => {
  await restart({}, hasty)
  const modal = await form('note')
  const release = dispatcher.hold()
  const outcome = await slack.submit(modal, { Note: 'later' }, slack.member)
  expect(outcome.acked).toBe(true)
  expect(modal.open).toBe(false)
  release()
  await started.answersTo(slack.member, 1)
})

test('choices are suggested while a person types, and the typed text is one of them', async () => {
  const modal = await form('host')
  const values = async (typed: string) =>
    (await slack.suggest(modal, 'host', typed, slack.member)).map(option => option.value)
  expect(await values('')).toEqual(['api-1', 'api-2'])
  expect(await values('2')).toEqual(['api-2', '2'])
  await slack.submit(modal, { Host: 'api-2' }, slack.member)
  await slack.until(() => dispatcher.ran.length === 1)
  expect(dispatcher.ran[0]?.line).toBe('ack 7 --host=api-2')
})

test('a form that cannot be opened is reported, with the line to type instead', async () => {
  slack.fail('views.open', 'expired_trigger_id')
  await slack.press(await started.alert(['note']), 'Acknowledge', slack.member)
  expect((await started.answersTo(slack.member, 1))[0]).toContain('/vakt ack 7')
})

test('empty fields are not part of the line', () => {
  const entered = { note: { note: { value: '  ' } }, mood: { mood: { selected_option: null } }, loud: { loud: {} } }
  expect(readEntries(entered)).toEqual({})
})

test('a person without the role is refused before a form is opened', async () => {
  const card = { title: 'You may not.', tone: 'warning' as const }
  dispatcher.dispatcher.refusalFor = () => ({
    ok: false,
    problem: new Problem('forbidden', 'You may not.'),
    card,
    private: true,
  })
  await slack.press(await started.alert(['note']), 'Acknowledge', slack.member)
  expect(await started.answersTo(slack.member, 1)).toEqual(['🟠 You may not.'])
  expect(slack.views(slack.member)).toEqual([])
})
