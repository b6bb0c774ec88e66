// Takes the place of string-width in the bundle: it makes a segmenter and tables of emojis when it is loaded, which
// takes more time than most commands, and only help and tables ask for the width of a text.
let stringWidth
export default function lazyStringWidth(...args) {
  stringWidth ??= require('string-width').default
  return stringWidth(...args)
}
