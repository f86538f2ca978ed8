// views.open, views.push, views.publish and views.update.

import { readView } from '../view-rules.ts'
import { asText, type Obj, SlackRefusal } from '../wire.ts'
import type { Workspace } from '../workspace.ts'
import { type Call, type Method, showModal } from './method.ts'

export const viewMethods: Record<string, Method> = {
  'views.open': { tier: 4, scopes: [], run: open },
  'views.push': { tier: 4, scopes: [], run: push },
  'views.publish': { tier: 4, scopes: [], run: publish },
  'views.update': { tier: 4, scopes: [], run: update },
}

function open({ args, workspace, useTrigger }: Call): Obj {
  const view = readView(args.view)
  return showModal(workspace.show(view, useTrigger(args.trigger_id)))
}

function publish({ args, workspace }: Call): Obj {
  const view = readView(args.view, 'home')
  const user = workspace.person(args.user_id)
  workspace.homes.set(user.id, view)
  return { view }
}

function push({ args, workspace, useTrigger }: Call): Obj {
  const view = readView(args.view)
  const user = useTrigger(args.trigger_id)
  return showModal(pushView(workspace, view, user))
}

/** Puts a modal on top of those a person has open. Throws `push_limit_reached` at three. */
export function pushView(workspace: Workspace, view: Obj, user: string) {
  const open = workspace.modals.filter(modal => modal.user === user && modal.open)
  const over = open.at(-1)
  if (over === undefined) throw new SlackRefusal('not_found')
  if (open.length >= 3) throw new SlackRefusal('push_limit_reached')
  return workspace.show(view, user, { over })
}

function update({ args, workspace }: Call): Obj {
  const view = readView(args.view)
  const modal = workspace.modals.find(
    ({ view: { id, external_id } }) =>
      id === args.view_id || (asText(args.external_id) !== '' && external_id === args.external_id),
  )
  if (modal === undefined || !modal.open) throw new SlackRefusal('not_found')
  if (args.hash !== undefined && args.hash !== modal.view.hash) throw new SlackRefusal('hash_conflict')
  return showModal(workspace.show(view, modal.user, { instead: modal }))
}
