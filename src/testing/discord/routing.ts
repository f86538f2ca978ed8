// The request and the response of a REST route of the simulator, and the check of bodies that contain messages.

import { carelessParts, isEmptyMessage, type Json, messageErrors } from './message-rules.ts'
import { invalidForm, refusals } from './refusal.ts'
import type { Recorded, World } from './world-types.ts'

export interface RouteRequest {
  params: Record<string, string>
  query: URLSearchParams
  body: Json
  files: Recorded['files']
}

export interface RouteResponse {
  status: number
  body?: unknown
}

/** Answers one route; throws a `Refusal` to turn the request down. */
export type Route = (world: World, request: RouteRequest) => RouteResponse

/** Routes by `METHOD /template` as in Discord's description. */
export type Routes = Record<string, Route>

/** Throws for a message body Discord would refuse; `mayBeEmpty` for edits and deferrals, which show what was there. */
export function requireValidMessage(world: World, message: Json, files: Recorded['files'], mayBeEmpty = false): void {
  const names = [...files.map(f => f.name), ...knownNames(message)]
  for (const violation of carelessParts(message, names)) world.violations.push(violation)
  const errors = messageErrors(message)
  if (errors.length) throw invalidForm(errors)
  if (!mayBeEmpty && isEmptyMessage(message, files.length)) throw refusals.emptyMessage()
}

const knownNames = (message: Json) =>
  Array.isArray(message.attachments) ? message.attachments.map(a => String((a as Json).filename ?? '')) : []
