// A view of a store: some of its methods replaced, everything else its own, so that no wrapper forwards what it does not change.

/**
 * `target` with the methods in `own` instead of its own ones. What `own` does not have, also what is added to the port
 * later, is called on `target` itself.
 */
export function replaceMethods<M extends object, T extends M>(target: T, own: Partial<M>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof M]
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
