// The list of Web API methods the simulator knows.
import { chatMethods } from './chat.ts'
import { conversationMethods } from './conversations.ts'
import { fileMethods } from './files.ts'
import { identityMethods } from './identity.ts'
import type { Method } from './method.ts'
import { viewMethods } from './views.ts'

/** Every method by its name. */
export const METHODS: Record<string, Method> = {
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...identityMethods,
  ...viewMethods,
}
