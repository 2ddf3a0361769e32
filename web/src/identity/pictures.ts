// The 64 pictures of codes, chosen by the Matrix project to be told apart without colour and when small, with the names to
// read aloud (Matrix specification, `sas-emoji.json`).

/** A part of a picture's drawing (`drawings.ts`): a colour, and what it fills. */
export type Shape =
  | { readonly fill: string; readonly d: string }
  | {
      readonly fill: string;
      readonly cx: number;
      readonly cy: number;
      readonly rx: number;
      readonly ry: number;
    };

/** The name of the picture of a number below 64. */
export function nameOf(number: number): string {
  return TABLE[number]?.[1] ?? "";
}

/** Emoji and name by number. */
// prettier-ignore
export const TABLE: readonly (readonly [string, string])[] = [
  ["🐶", "Dog"], ["🐱", "Cat"], ["🦁", "Lion"], ["🐎", "Horse"],
  ["🦄", "Unicorn"], ["🐷", "Pig"], ["🐘", "Elephant"], ["🐰", "Rabbit"],
  ["🐼", "Panda"], ["🐓", "Rooster"], ["🐧", "Penguin"], ["🐢", "Turtle"],
  ["🐟", "Fish"], ["🐙", "Octopus"], ["🦋", "Butterfly"], ["🌷", "Flower"],
  ["🌳", "Tree"], ["🌵", "Cactus"], ["🍄", "Mushroom"], ["🌏", "Globe"],
  ["🌙", "Moon"], ["☁️", "Cloud"], ["🔥", "Fire"], ["🍌", "Banana"],
  ["🍎", "Apple"], ["🍓", "Strawberry"], ["🌽", "Corn"], ["🍕", "Pizza"],
  ["🎂", "Cake"], ["❤️", "Heart"], ["😀", "Smiley"], ["🤖", "Robot"],
  ["🎩", "Hat"], ["👓", "Glasses"], ["🔧", "Spanner"], ["🎅", "Santa"],
  ["👍", "Thumbs Up"], ["☂️", "Umbrella"], ["⌛", "Hourglass"], ["⏰", "Clock"],
  ["🎁", "Gift"], ["💡", "Light Bulb"], ["📕", "Book"], ["✏️", "Pencil"],
  ["📎", "Paperclip"], ["✂️", "Scissors"], ["🔒", "Lock"], ["🔑", "Key"],
  ["🔨", "Hammer"], ["☎️", "Telephone"], ["🏁", "Flag"], ["🚂", "Train"],
  ["🚲", "Bicycle"], ["✈️", "Aeroplane"], ["🚀", "Rocket"], ["🏆", "Trophy"],
  ["⚽", "Ball"], ["🎸", "Guitar"], ["🎺", "Trumpet"], ["🔔", "Bell"],
  ["⚓", "Anchor"], ["🎧", "Headphones"], ["📁", "Folder"], ["📌", "Pin"],
];
