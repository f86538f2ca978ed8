// After a start on older state the chats show the truth: each card of an open alert is edited once, and nothing is posted.
import { expect, it } from 'vitest'
import { copyOf, startApp } from '../../testing/app.ts'

it('after a restored backup every card of an open alert is edited to its true state, silently and once', async () => {
  const app = await startApp({ channels: ['discord', 'mail'] })
  const [chat, mail] = [app.channels[0]!, app.channels[1]!]
  Object.assign(mail, { capabilities: { ...mail.capabilities, edits: false } })
  const beats = []
  for (const name of ['j1', 'j2', 'j3', 'j4']) beats.push(await app.hasCheck(`${name} --every 1d`))
  for (const beat of beats.slice(0, 3)) await beat('/fail')
  await app.says('ack 2')
  const backup = copyOf(app.state)
  await beats[0]!()
  await app.says('ack 3')
  await app.says('unack 2')
  await beats[3]!('/fail')
  const words = () => chat.messages.map(({ card }) => card.title.split(':')[0])
  expect(words()).toEqual(['Resolved', 'Critical', 'Acknowledged', 'Critical'])
  await app.stop()
  const [edits, mails] = [chat.calls.length, mail.calls.length]
  const restored = await startApp({
    ...{ channels: ['discord', 'mail'], after: { state: backup, clock: app.clock, channels: app.channels } },
  })
  await restored.passes('1s')
  expect(words()).toEqual(['Critical', 'Acknowledged', 'Critical', 'Critical'])
  expect(chat.calls.slice(edits)).toEqual(['edit', 'edit', 'edit'])
  expect(mail.calls).toHaveLength(mails)
  await restored.passes('10m')
  expect(chat.calls.slice(edits)).toHaveLength(3)
})
