import { expect, it } from 'vitest'
import type { Mention } from '../../card.ts'
import { renderCard } from './render.ts'

it.each<[Mention, string]>([
  [{ kind: 'person', id: '42', name: 'Ann <x>' }, '<a href="tg://user?id=42">Ann &lt;x&gt;</a> '],
  [{ kind: 'person', id: null, name: 'Ann' }, 'Ann: '],
  [{ kind: 'person', id: 'U42', name: 'Ann' }, 'Ann: '],
  [{ kind: 'group', id: '42', name: 'ops' }, 'ops: '],
  [{ kind: 'here', id: null, name: 'here' }, 'here: '],
])('the mention %j is a link for a person with the id of a user, else a name', (mention, start) => {
  const { text } = renderCard({ title: 'Down', tone: 'critical', mention: [mention] }, 'UTC')
  expect(text.slice(0, start.length)).toBe(start)
})
