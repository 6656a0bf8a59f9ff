// The folder above has other programs and their lock files.
export default { turbopack: { root: import.meta.dirname } };
