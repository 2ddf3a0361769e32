/** Made by `drawings.config.ts`. */
declare module "virtual:drawings" {
  // A file that imports is a module, and could not declare another one.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  const drawings: readonly (readonly import("./identity/pictures").Shape[])[];
  export default drawings;
}
