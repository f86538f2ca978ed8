// Whom a message of an alert mentions, and what the thread under its card tells.
import { beforeEach, expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { acknowledgeAlert, fireAlert, unacknowledgeAlert } from '../../alerts/lifecycle.ts'
import { plainText } from '../../card.ts'
import { addProject, editProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createMemoryChannel } from '../../testing/memory-channel.ts'
import { MINUTE } from '../../time.ts'
import { readAlertCard, readThreadCard, timelineLine, withMentions } from './messages.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
})
const fires = (more: object = {}) => {
  const about = {
    key: 'disk',
    detector: 'test',
    projectId: null,
    severity: 'critical',
    title: 'disk',
    since: NOW,
    owner: null,
  }
  const finding = { ...about, remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {}, ...more }
  return fireAlert(state, finding as Parameters<typeof fireAlert>[1], NOW).id
}
const line = (text: Parameters<typeof plainText>[0]) => plainText(text, at => new Date(at).toISOString().slice(11, 16))

it('people are mentioned while an alert fires, not once somebody is on it or where nobody is named', () => {
  const alert = readAlert(state, fires())!
  const card = { title: 'disk', tone: 'critical' as const }
  const channel = createMemoryChannel('discord', () => NOW)
  const mention = (more: Partial<Alert>, words: string[] = ['here', 'person:Ann']) =>
    withMentions(state, channel, words, card, { ...alert, ...more }, NOW).mention?.map(({ name }) => name)
  expect(mention({})).toEqual(['here', 'Ann'])
  expect(mention({ state: 'acknowledged' })).toBeUndefined()
  expect(mention({ state: 'resolved' })).toBeUndefined()
  expect(mention({ snoozedUntil: NOW + 1 })).toBeUndefined()
  expect(mention({}, [])).toBeUndefined()
  expect(mention({}, ['oncall'])).toBeUndefined()
})

it('the card of an alert names its project as it is called now', () => {
  const project = addProject(state, 'shop', NOW)
  const alert = readAlert(state, fires({ projectId: project.id }))!
  editProject(state, project.id, { name: 'store' })
  expect(JSON.stringify(readAlertCard(state, alert))).toContain('store')
  expect(JSON.stringify(readAlertCard(state, readAlert(state, fires({ key: 'other' }))!))).not.toContain('store')
})

it('the thread tells what people did after a line of the history, twenty lines at most', () => {
  const id = fires()
  const before = readAlert(state, id)!.threadLine
  expect(readThreadCard(state, readAlert(state, id)!, before)).toBeNull()
  acknowledgeAlert(state, id, 'Ann', 'on it', NOW + MINUTE)
  const first = readAlert(state, id)!
  const card = readThreadCard(state, first, before)!
  expect(card).toMatchObject({ title: `Alert ${id}`, tone: 'plain' })
  expect(card.lines!.map(line).at(-1)).toBe('09:01 · acknowledged by Ann: on it')
  expect(readThreadCard(state, first, first.threadLine)).toBeNull()
  for (let i = 0; i < 12; i++) {
    unacknowledgeAlert(state, id, 'Ben', NOW + 2 * MINUTE)
    acknowledgeAlert(state, id, 'Ann', null, NOW + 3 * MINUTE)
  }
  expect(readThreadCard(state, readAlert(state, id)!, before)!.lines).toHaveLength(20)
})

it.each([
  [null, null, '09:00 · fired'],
  ['Ann', null, '09:00 · fired by Ann'],
  [null, '', '09:00 · fired'],
  ['Ann', 'why', '09:00 · fired by Ann: why'],
])('a line by %s with the note %j is "%s"', (by, note, text) => {
  expect(line(timelineLine({ at: NOW, what: 'fired', by, note } as never))).toBe(text)
})
