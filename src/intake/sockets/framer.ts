// A framer finds the frames in a stream of bytes: where one line, message or chunk of a sender ends and the next begins.

/** A whole frame. `isCut`: it was larger than the limit, and its end is missing. */
export type Frame = { bytes: Buffer; isCut: boolean }

/** Finds the frames of one connection. It never holds more than its limit and a little. */
export interface Framer {
  /** The frames that a piece of the stream completes; the piece may be kept. Throws `invalid` when the stream cannot be read on. */
  push(piece: Buffer): Frame[]
  /** What is left, as frames: the sender has closed, or has sent nothing for `patienceMs`. */
  flush(): Frame[]
  /** Bytes of the frame that is not whole yet. */
  readonly waitingBytes: number
  /** After how long without a byte what is left is flushed, ms. */
  readonly patienceMs: number
}
