// A chat platform refuses, limits, hangs, loses answers, forgets nonces or deletes messages for a while.
import { HOUR, MINUTE } from '../../../time.ts'
import { CHAT_FAULTS, type ChatFault } from '../chat.ts'
import { lasting, stepKind } from './step.ts'

export const chatFault = stepKind<{ chat: string; fault: ChatFault; ms: number }>({
  name: 'chat fault',
  weight: 8,
  plan(random, site) {
    const ms = lasting(random, site, MINUTE, 3 * HOUR)
    return ms === null ? null : { chat: random.pick(site.chats), fault: random.pick(CHAT_FAULTS), ms }
  },
  async play(world, { chat: id, fault, ms }) {
    const chat = world.chats.find(candidate => candidate.id === id)!
    chat.fault = fault
    const begun = world.clock.now()
    // A backup that is made meanwhile knows of it.
    world.model.troubles.push({ kind: 'chat', from: begun, to: begun + ms })
    world.later(world.clock.trueNow() + ms, async () => {
      if (chat.fault === fault) chat.fault = null
      world.model.troubles.push({ kind: 'chat', from: begun, to: world.clock.now() })
    })
  },
})
