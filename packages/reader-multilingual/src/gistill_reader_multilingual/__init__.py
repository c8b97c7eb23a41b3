"""The weights of gistill's multilingual reader, in the folder `weights`; gistill finds them by this package's name."""
