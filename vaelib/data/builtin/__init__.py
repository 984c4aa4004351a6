"""Data sets that come with this package: their entries, sources and file formats.

idx_datasets    the entries of MNIST and Fashion-MNIST
idx_sources     places that the files of MNIST and Fashion-MNIST come from
idx             the IDX format of these files
downloads       downloads from web servers and from Debian's archive
mnist_packages  MNIST as contained in Python packages
rendered_faces  the entry of the rendered faces, and data sets of any number of them
faces           rendered faces with known factors of variation
frey            the Frey faces
cifar10         CIFAR-10, read from image files that the user supplies
emoji_font      emoji from Google's Noto font, as a zip archive
drawn_pictures  colored pictures where there is no emoji font, as a zip archive
"""
