// The `_esm` of every explorer, as it is. The explorer's code, the style sheet and convlib.wasm, with its relaxed twin,
// are in models that all views share, so that a page holds them once; here they are fetched, and the code takes over.
const decode = (model) => new TextDecoder().decode(model.get("data"));

async function importCode(model) {
  const url = URL.createObjectURL(new Blob([model.get("data")], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function addStyle(model) {
  let style = document.getElementById("convlib-explorers");
  if (!style) {
    style = document.createElement("style");
    style.id = "convlib-explorers";
    document.head.append(style);
  }
  const rules = decode(model);
  if (style.textContent !== rules) style.textContent = rules;
}

export default {
  async render(context) {
    const { model } = context;
    const shared = {};
    for (const [name, id] of Object.entries(model.get("shared"))) {
      shared[name] = await model.widget_manager.get_model(id);
    }
    addStyle(shared.style);
    shared.code.convlibModule ??= importCode(shared.code); // evaluated once a page
    const explorer = await shared.code.convlibModule;
    return explorer.render({ ...context, shared });
  },
};
