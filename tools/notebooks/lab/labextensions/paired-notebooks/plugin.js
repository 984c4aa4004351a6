// A double click opens the .py of a pair as a notebook. Jupytext can make that the default for all
// .py or for none; here those of vaelib and tests stay text. (package.json turns the news off.)
{
  const NAME = "paired-notebooks";
  const VIEWER = "Jupytext Notebook"; // as it stands under "Open With"

  const plugin = {
    id: `${NAME}:plugin`,
    autoStart: true,
    activate: ({ docRegistry }) => {
      const { icon } = docRegistry.getFileType("notebook");
      docRegistry.addFileType(
        {
          name: NAME,
          displayName: "Paired notebook",
          pattern: "^\\d\\d_\\w+\\.py$", // of the file's name: the folder isn't looked at
          contentType: "notebook",
          fileFormat: "json",
          icon,
        },
        [VIEWER],
      );
      const prefer = () => {
        if (docRegistry.getWidgetFactory(VIEWER)) {
          docRegistry.setDefaultWidgetFactory(NAME, VIEWER);
        }
      };
      prefer();
      docRegistry.changed.connect(prefer); // should jupytext's own extension start later
    },
  };

  // What a bundler would make of it: the form in which JupyterLab takes up an extension.
  const extension = { __esModule: true, default: plugin };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = { init: () => {}, get: async () => () => extension };
}
