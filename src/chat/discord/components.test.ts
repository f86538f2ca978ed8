// The two forms of a card on Discord: what notifies has its heading as content, what is looked at stands in components.
import { REST } from 'discord.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { everyComponent, type Json } from '../../testing/discord/message-rules.ts'
import { createChannel } from './channel.ts'
import { renderComponents } from './components.ts'
import { type Stage, setStage } from './dispatcher.testing.ts'

let stage: Stage

beforeEach(async () => {
  stage = await setStage()
})

afterEach(async () => {
  await stage.close()
  expect(stage.discord.violations).toEqual([])
})

const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    name: `job-${i}`,
    text: [{ bold: `job-${i}` }, ' up'],
    action: { label: 'Show', line: `checks show job-${i}` },
  }))
const parts = (card: Card) => everyComponent(JSON.parse(JSON.stringify(renderComponents(card).body.components)))
const ofType = (card: Card, type: number) => parts(card).filter(part => part.type === type)
const alert: Card = { title: 'Critical: job sent no beat', tone: 'critical', lines: ['Expected a beat.'] }
const view: Card = { title: 'Live tail', tone: 'info', isView: true, lines: ['a line'] }

function openChannel() {
  const { apiUrl, token, channelId } = stage.discord
  const rest = new REST({ api: apiUrl, version: '10' }).setToken(token)
  const capabilities = { edits: true, threads: true, pictures: true, mentions: true, interactive: true }
  return createChannel({ rest, token, channelId, capabilities }).channel
}

test('a few rows have their own buttons, many have one menu', () => {
  const few: Card = { title: '3 checks', tone: 'plain', rows: rows(3) }
  expect(ofType(few, 9)).toHaveLength(3)
  expect(ofType(few, 3)).toEqual([])
  const many: Card = { title: '15 checks', tone: 'plain', rows: rows(15) }
  expect(ofType(many, 9)).toEqual([])
  expect(ofType(many, 3).map(menu => (menu.options as Json[]).length)).toEqual([15])
  expect(JSON.stringify(parts(many))).toContain('**job-14**')
})

test('further actions of rows are in one menu, with the name of their row', () => {
  const withMore = (count: number) =>
    rows(count).map(row => ({ ...row, more: [{ label: 'Pause', line: `checks pause ${row.name}` }] }))
  const labelsOf = (card: Card) => ofType(card, 3).flatMap(menu => (menu.options as Json[]).map(option => option.label))
  const few: Card = { title: '2 checks', tone: 'plain', rows: withMore(2) }
  expect(ofType(few, 9)).toHaveLength(2)
  expect(labelsOf(few)).toEqual(['Pause job-0', 'Pause job-1'])
  const many = labelsOf({ title: '15 checks', tone: 'plain', rows: withMore(15) })
  expect(many.slice(0, 2)).toEqual(['Show job-0', 'Show job-1'])
  expect(many.slice(15, 16)).toEqual(['Pause job-0'])
})

test('a dangerous button stands in a row of its own, at the end', () => {
  const card: Card = {
    title: 'job',
    tone: 'good',
    buttons: [
      { label: 'Remove', line: 'checks remove job', tone: 'danger' },
      { label: 'Beats', line: 'checks beats job' },
    ],
  }
  const labels = ofType(card, 1).map(row => (row.components as Json[]).map(button => button.label))
  expect(labels).toEqual([['Beats'], ['Remove']])
})

test('log lines stand in a block of 40 columns, with their time in the zone of each reader above', () => {
  const at = Date.parse('2026-11-21T14:02:11Z')
  const entries = [{ at, level: 'error', source: 'api', message: `refused ${'x'.repeat(60)}` }]
  const [text] = ofType({ title: '1 line', tone: 'plain', evidence: [{ kind: 'log', entries }] }, 10)
  expect(text!.content).toContain(`**api** · <t:${at / 1000}:f> · below in UTC\n\`\`\`\n14:02:11 ERROR refused`)
  const block = String(text!.content).split('```')[1]!.split('\n')
  for (const line of block) expect(line.length).toBeLessThanOrEqual(40)
})

test('of an output that is too long, the end is shown', () => {
  const text = Array.from({ length: 900 }, (_, i) => `line ${i}`).join('\n')
  const shown = JSON.stringify(parts({ title: 'run', tone: 'info', evidence: [{ kind: 'output', text }] }))
  expect(shown).toContain('line 899')
  expect(shown).toMatch(/… \d+ more above/)
  expect(shown).not.toContain('line 5\\n')
})

test('a choice of a menu runs its line', async () => {
  const shown = await stage.discord.say('/card')
  const old = structuredClone(shown.original!)
  Object.assign(old, {
    components: renderComponents({
      title: 'x',
      tone: 'plain',
      rows: [],
      menus: [{ label: 'm', options: rows(5).map(({ name }) => ({ label: name, line: `ack ${name.slice(4)}2` })) }],
    }).body.components,
  })
  const chosen = await stage.discord.press(old, 'job-1')
  expect(stage.discord.text(chosen.original!)).toContain('12 acked by ada')
})

test('what notifies keeps its heading as content; what is looked at needs none', async () => {
  const channel = openChannel()
  await channel.post(alert, 'n1')
  await channel.post(view, 'n2')
  const [notice, looked] = stage.discord.messages()
  expect(notice!.content).toBe('🔴 **Critical: job sent no beat**')
  expect(Number(notice!.flags) & (1 << 15)).toBe(0)
  expect(looked!.content).toBe('')
  expect(stage.discord.text(looked!)).toContain('### 🔵 Live tail')
})

test('a message of an earlier version becomes components by an edit, and further edits change it', async () => {
  const channel = openChannel()
  const ref = await channel.post({ ...view, isView: false }, 'n1')
  await channel.edit(ref, view)
  await channel.edit(ref, { ...view, lines: ['another line'] })
  const [message] = stage.discord.messages()
  expect(message!.embeds).toEqual([])
  expect(stage.discord.text(message!)).toBe('### 🔵 Live tail\nanother line')
})

test('a message that is in components already, by another version, is edited as such', async () => {
  const channel = openChannel()
  const ref = await channel.post(view, 'n1')
  await channel.edit(ref, alert)
  expect(stage.discord.messages().map(stage.discord.text)).toEqual([
    '### 🔴 Critical: job sent no beat\nExpected a beat.',
  ])
  // The one refusal by which the form of the message is learnt.
  expect(stage.discord.violations.splice(0)).toEqual([expect.stringContaining('LEGACY_FIELDS_WITH_COMPONENTS_V2')])
})
