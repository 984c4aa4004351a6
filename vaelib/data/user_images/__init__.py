"""Images in a folder or a zip archive.

image_folder  all images of a folder or a zip archive, as a `Dataset`
listing       all files of a source, which `folders` and `archives` list; `source_file` is one
file_names    names that are not in UTF-8, and the files that systems add
layout        classes and the split into training and test images, from the names of folders
reading       many files as one array, with several threads; `in_flight` limits their memory
recognizing   image files by their content, and their headers
decoding      one image file in gray or color, with `depth` for more than 8 bits per channel
resizing      images of one size, cropped or padded
problems      why a file cannot be used
"""
