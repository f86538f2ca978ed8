// Lets a test await a condition or quiet without sleeping: everything that happens in the simulator is reported here.

export type Activity = ReturnType<typeof createActivity>

// How long nothing may happen before the simulator counts as quiet, in ms: a turn or two of the app's event loop.
const QUIET_MS = 25
/** Against hanging only: what is slow on a busy machine is not wrong. */
const HANG_TIMEOUT_MS = 60_000

/** Counts what is under way and wakes those who wait whenever something happens. */
export function createActivity() {
  const waiting = new Set<() => void>()
  let underWay = 0
  const wake = () => {
    for (const check of [...waiting]) check()
  }
  const activity = {
    /** Something happened. */
    note: wake,
    /** Something begins that `settled` must wait for; call what it returns when it is over. */
    begin(): () => void {
      underWay += 1
      let over = false
      return () => {
        if (over) return
        over = true
        underWay -= 1
        wake()
      }
    },
    /** Resolves with the first truthy answer of `predicate`; rejects after `timeoutMs`, naming `what` was awaited. */
    until<T>(predicate: () => T, what = String(predicate), timeoutMs = HANG_TIMEOUT_MS): Promise<NonNullable<T>> {
      return new Promise((resolve, reject) => {
        const check = () => {
          let answer: T
          try {
            answer = predicate()
          } catch (error) {
            return finish(() => reject(error))
          }
          if (answer) finish(() => resolve(answer as NonNullable<T>))
        }
        const finish = (then: () => void) => {
          waiting.delete(check)
          clearInterval(poll)
          clearTimeout(timer)
          then()
        }
        // Conditions may also depend on the app itself, of which nothing is reported here.
        const poll = setInterval(check, 10)
        const timer = setTimeout(
          () => finish(() => reject(new Error(`waited ${timeoutMs} ms in vain for ${what}`))),
          timeoutMs,
        )
        waiting.add(check)
        check()
      })
    },
    /** Resolves once nothing is under way and nothing has happened for a moment. */
    async settled(): Promise<void> {
      let last = performance.now()
      const moved = () => {
        last = performance.now()
      }
      waiting.add(moved)
      await activity.until(() => underWay === 0 && performance.now() - last > QUIET_MS, 'the simulator to be quiet')
      waiting.delete(moved)
    },
  }
  return activity
}
