import { describe, expect, it } from 'vitest'
import type { Card } from '../../card.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { createPhoneChannel, type PhoneMessage } from './channel.ts'

const REF = 'ref-0123456789-0123456789'
const card = (tone: Card['tone'], changes: Partial<Card> = {}): Card => ({ title: `it is ${tone}`, tone, ...changes })

function aPhone() {
  const sent: PhoneMessage[] = []
  const quietened: string[] = []
  const channel = createPhoneChannel({
    id: 'pushover:ann',
    name: 'Ann',
    capabilities: {} as never,
    clock: createFakeClock(0),
    timeZone: 'UTC',
    links: { create: (line: string, id: string) => `https://vakt.test/${id}/${line}` } as never,
    async send(message) {
      sent.push(message)
      return `ref ${sent.length}`
    },
    async quieten(ref) {
      quietened.push(ref)
    },
  })
  return { channel, sent, quietened }
}

describe('a telephone', () => {
  it.each([
    ['critical', 'critical'],
    ['warning', 'high'],
    ['info', 'normal'],
    ['plain', 'normal'],
    ['good', 'quiet'],
    ['muted', 'quiet'],
  ] as const)('gets a %s card as a %s message', async (tone, loudness) => {
    const { channel, sent } = aPhone()
    expect(await channel.post(card(tone), 'n1')).toBe('ref 1')
    expect(sent).toMatchObject([{ title: `it is ${tone}`, loudness, about: null, nonce: 'n1' }])
  })

  it('acknowledges by one tap, where there is something to acknowledge', async () => {
    const { channel, sent } = aPhone()
    const buttons = [
      { label: 'Logs', line: 'logs search x' },
      { label: 'Acknowledge', line: 'ack 42' },
    ]
    await channel.post(card('critical', { buttons }), 'n1')
    await channel.post(card('critical', { buttons: buttons.slice(0, 1) }), 'n2')
    expect(sent).toMatchObject([
      { ackLine: 'ack 42', ackUrl: 'https://vakt.test/pushover:ann/ack 42' },
      { ackLine: null, ackUrl: null },
    ])
  })

  it('gets the end of an alert, and no other change', async () => {
    const { channel, sent, quietened } = aPhone()
    await channel.edit(REF, card('critical'))
    expect([sent, quietened]).toEqual([[], []])
    await channel.edit(REF, card('warning'))
    expect([sent, quietened]).toEqual([[], [REF]])
    await channel.edit(REF, card('good'))
    expect(sent).toMatchObject([{ loudness: 'quiet', about: REF, nonce: 'ref-0123456789-01234-end' }])
    expect(quietened).toEqual([REF, REF])
  })

  it('gets an end that a reply has announced only once', async () => {
    const { channel, sent } = aPhone()
    expect(await channel.reply(REF, card('good'), 'n2')).toBe('ref 1')
    await channel.edit(REF, card('good'))
    expect(sent).toHaveLength(1)
    await channel.edit('another', card('good'))
    expect(sent).toMatchObject([{ about: REF, nonce: 'n2' }, { about: 'another' }])
  })

  it('cannot be searched', async () => {
    expect(await aPhone().channel.find('n1', 0)).toBeNull()
  })
})
